using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>
/// The part of a Kubernetes API server that silos use, on loopback: pods of a namespace, read, listed, watched and patched. It refuses
/// what a Role does not allow.
/// </summary>
internal sealed class KubernetesApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly V1Role _role;
    private readonly ConcurrentDictionary<string, V1Pod> _pods = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, Channel<string>> _watchers = new();

    private KubernetesApi(V1Role role)
    {
        _role = role;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.UseRouting();
        var pods = $"/api/v1/namespaces/{Chart.Namespace}/pods";
        _app.MapGet(pods, (HttpContext context) => context.Request.Query["watch"] == "true" ? WatchAsync(context) : ListAsync(context));
        _app.MapGet(pods + "/{name}", (HttpContext context, string name) => AnswerAsync(context, "get", () => _pods.GetValueOrDefault(
            name)));
        _app.MapPatch(pods + "/{name}", (HttpContext context, string name) => PatchAsync(context, name));
    }

    /// <summary>Its address.</summary>
    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>The verbs that were asked for.</summary>
    public ConcurrentDictionary<string, int> Verbs { get; } = new(StringComparer.Ordinal);

    /// <summary>The verbs that were refused.</summary>
    public ConcurrentDictionary<string, int> Refused { get; } = new(StringComparer.Ordinal);

    /// <summary>How many watches are open.</summary>
    public int Watches => _watchers.Count;

    /// <summary>Starts a server that allows what a Role allows.</summary>
    public static async Task<KubernetesApi> StartAsync(V1Role role)
    {
        var api = new KubernetesApi(role);
        await api._app.StartAsync();
        return api;
    }

    /// <summary>Adds a pod.</summary>
    public void Add(V1Pod pod)
    {
        _pods[pod.Metadata.Name] = pod;
        Tell("ADDED", pod);
    }

    /// <summary>Deletes a pod.</summary>
    public void Delete(string name)
    {
        if (_pods.TryRemove(name, out var pod)) Tell("DELETED", pod);
    }

    /// <summary>The labels of a pod.</summary>
    public IDictionary<string, string> LabelsOf(string name) => _pods[name].Metadata.Labels;

    public async ValueTask DisposeAsync()
    {
        foreach (var watcher in _watchers.Values) watcher.Writer.TryComplete();
        await _app.DisposeAsync();
    }

    private void Tell(string type, V1Pod pod)
    {
        var line = $"{{\"type\":\"{type}\",\"object\":{KubernetesJson.Serialize(pod)}}}\n";
        foreach (var watcher in _watchers.Values) watcher.Writer.TryWrite(line);
    }

    private bool Allows(string verb)
    {
        Verbs.AddOrUpdate(verb, 1, (_, n) => n + 1);
        if (_role.Rules.Any(r => r.ApiGroups.Contains("") && r.Resources.Contains("pods") && r.Verbs.Contains(verb))) return true;
        Refused.AddOrUpdate(verb, 1, (_, n) => n + 1);
        return false;
    }

    private Task ListAsync(HttpContext context) => AnswerAsync(context, "list", () => new V1PodList
    {
        ApiVersion = "v1",
        Kind = "PodList",
        Metadata = new V1ListMeta(),
        Items = [.. _pods.Values.Where(p => Matches(p, context.Request.Query["labelSelector"].ToString()))],
    });

    private static bool Matches(V1Pod pod, string selector) => selector.Split(',', StringSplitOptions.RemoveEmptyEntries).All(term =>
        term.Split('=') is [var key, var value] && pod.Metadata.Labels.TryGetValue(key, out var own) && own == value);

    private async Task WatchAsync(HttpContext context)
    {
        if (!Allows("watch"))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        var (id, channel) = (Guid.NewGuid(), Channel.CreateUnbounded<string>());
        _watchers[id] = channel;
        try
        {
            context.Response.ContentType = "application/json";
            await context.Response.StartAsync();
            await context.Response.Body.FlushAsync();
            await foreach (var line in channel.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync(line);
                await context.Response.Body.FlushAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The silo has gone.
        }
        finally
        {
            _watchers.TryRemove(id, out _);
        }
    }

    private async Task PatchAsync(HttpContext context, string name)
    {
        using var patch = await JsonDocument.ParseAsync(context.Request.Body);
        var labels = patch.RootElement.GetProperty("metadata").GetProperty("labels").EnumerateObject().ToDictionary(l => l.Name, l =>
            l.Value.GetString()!);
        await AnswerAsync(context, "patch", () =>
        {
            if (!_pods.TryGetValue(name, out var pod)) return null;
            foreach (var (key, value) in labels) pod.Metadata.Labels[key] = value;
            return pod;
        });
    }

    private async Task AnswerAsync(HttpContext context, string verb, Func<object?> answer)
    {
        var allowed = Allows(verb);
        var result = allowed ? answer() : null;
        context.Response.StatusCode = !allowed ? StatusCodes.Status403Forbidden : result is null ? StatusCodes.Status404NotFound
            : StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(result is null ? "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\"}"
            : KubernetesJson.Serialize(result));
    }
}
