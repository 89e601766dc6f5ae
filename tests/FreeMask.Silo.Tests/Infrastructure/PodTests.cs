using System.Net;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Security;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using k8s.Models;
using Xunit;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>Silos started with the environment of the rendered manifests, against a Kubernetes API server on loopback.</summary>
[Collection("processes")]
public sealed class PodTests(LocalServices services)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task The_pods_of_the_chart_form_a_cluster_that_completes_a_run()
    {
        using var deadline = Until();
        var (chart, secrets) = await RenderAsync();
        await using var api = await KubernetesApi.StartAsync(chart.Objects.OfType<V1Role>().Single());
        await using var cluster = new PodCluster(chart, api, secrets);
        SiloProcess[] pods = [cluster.Start("freemask-coordinator"), cluster.Start("freemask-coordinator"), cluster.Start(
            "freemask-worker-cpu")];
        foreach (var pod in pods) await pod.ReadyAsync(deadline.Token);
        await cluster.ConnectAsync(deadline.Token);

        // Silos are named after their pods: membership and the API server agree.
        var hosts = await cluster.Client.Grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true);
        Assert.Equal(pods.Select(p => p.Name).Order(StringComparer.Ordinal), hosts.Select(h => h.SiloName).Order(StringComparer.Ordinal));
        Assert.All(pods, p => Assert.Equal(chart.Find<V1Deployment>("freemask-coordinator")
            .Spec.Template.Metadata.Labels["orleans/clusterId"], api.LabelsOf(p.Name)["orleans/clusterId"]));

        var run = cluster.Client.Grains.GetGrain<IRunGrain>("first");
        await run.Start(TestSilo.SmallSpec);
        var status = await run.GetStatus();
        while (status.State == RunState.Running)
        {
            await Task.Delay(50, deadline.Token);
            status = await run.GetStatus();
        }

        Assert.Equal(RunState.Completed, status.State);
        // Roles hold: only the worker has begun work.
        Assert.Equal([false, false, true], pods.Select(p => ProcessCluster.BegunBy(p) > 0));
        // The Role of the chart allows what silos ask for, and nothing that they do not.
        Assert.Empty(api.Refused);
        Assert.Superset(api.Verbs.Keys.ToHashSet(), chart.Objects.OfType<V1Role>().Single().Rules.Single().Verbs.ToHashSet());

        foreach (var pod in pods) await pod.SignalAsync("TERM");
        foreach (var pod in pods) Assert.Equal(0, await pod.ExitAsync(deadline.Token));
    }

    [Fact]
    public async Task The_pods_talk_by_TLS_with_certificates_of_a_Secret()
    {
        using var deadline = Until();
        using var folder = new TemporaryFolder();
        using var authority = new TestAuthority(folder.Path, "authority");
        var (chart, secrets) = await RenderAsync("tls.secret=silo-tls", "tls.clientSecret=client-tls", "tls.serverName=silos.test");
        Add("silo-tls", authority.Issue("silo"));
        Add("client-tls", authority.Issue("client", 5, "1.3.6.1.5.5.7.3.2"));
        await using var api = await KubernetesApi.StartAsync(chart.Objects.OfType<V1Role>().Single());
        await using var cluster = new PodCluster(chart, api, secrets);
        SiloProcess[] pods = [cluster.Start("freemask-coordinator"), cluster.Start("freemask-worker-cpu")];
        foreach (var pod in pods) await pod.ReadyAsync(deadline.Token);
        await cluster.ConnectAsync(deadline.Token);
        Assert.Equal(2, (await cluster.Client.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count);
        // The gateway speaks nothing but TLS.
        var gateway = await cluster.Client.Grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true);
        var plain = await TlsDiagnosis.ExplainAsync(
            new IPEndPoint(IPAddress.Loopback, gateway[0].ProxyPort), null, deadline.Token);
        Assert.Contains("speaks TLS", plain, StringComparison.Ordinal);

        void Add(string secret, (string Certificate, string Key) own)
        {
            secrets[(secret, "ca.crt")] = File.ReadAllText(authority.CertificateFile);
            secrets[(secret, "tls.crt")] = File.ReadAllText(own.Certificate);
            secrets[(secret, "tls.key")] = File.ReadAllText(own.Key);
        }
    }

    [Fact]
    public async Task The_silo_of_a_deleted_pod_is_dead_although_probes_would_still_wait()
    {
        using var deadline = Until();
        var (chart, secrets) = await RenderAsync("settings.Orleans:ClusterMembership:NumMissedProbesLimit=100");
        await using var api = await KubernetesApi.StartAsync(chart.Objects.OfType<V1Role>().Single());
        await using var cluster = new PodCluster(chart, api, secrets);
        var coordinator = cluster.Start("freemask-coordinator");
        await coordinator.ReadyAsync(deadline.Token);
        var worker = cluster.Start("freemask-worker-cpu");
        await worker.ReadyAsync(deadline.Token);
        await UntilSaysAsync(coordinator, "one of 2 active silos", deadline.Token);
        while (api.Watches == 0) await Task.Delay(50, deadline.Token);

        // Its node is gone: it neither answers nor says that it ends.
        await worker.SignalAsync("STOP");
        api.Delete(worker.Name);
        await UntilSaysAsync(coordinator, "one of 1 active silos", deadline.Token);
    }

    [Fact]
    public async Task A_pod_that_is_not_told_its_name_says_which_variable_is_missing()
    {
        using var deadline = Until();
        var (chart, secrets) = await RenderAsync();
        chart.Find<V1Deployment>("freemask-coordinator").Spec.Template.Spec.Containers[0].Env =
            [.. chart.Find<V1Deployment>("freemask-coordinator").Spec.Template.Spec.Containers[0].Env.Where(e => e.Name != "POD_IP")];
        await using var api = await KubernetesApi.StartAsync(chart.Objects.OfType<V1Role>().Single());
        await using var cluster = new PodCluster(chart, api, secrets);
        var pod = cluster.Start("freemask-coordinator");
        Assert.Equal(2, await pod.ExitAsync(deadline.Token));
        Assert.Contains("POD_IP is not set", await cluster.LogOfAsync(pod), StringComparison.Ordinal);
    }

    private static async Task UntilSaysAsync(SiloProcess silo, string text, CancellationToken cancellationToken)
    {
        while (!(await silo.HealthAsync(cancellationToken)).Contains(text, StringComparison.Ordinal)) await Task.Delay(50,
            cancellationToken);
    }

    private static CancellationTokenSource Until()
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(Deadline);
        return source;
    }

    /// <summary>The chart with state in Redis and artifacts in Azurite, and the Secrets that its values name.</summary>
    private async Task<(Chart Chart, Dictionary<(string Secret, string Key), string> Secrets)> RenderAsync(params string[] settings)
    {
        var cluster = $"pods-{Guid.NewGuid():N}";
        var chart = await Chart.RenderAsync(
            [Chart.Example("redis")],
            [
                "image.registry=registry.example", "image.tag=1", $"cluster.id={cluster}", $"cluster.service={cluster}",
                $"artifacts.secret.container={cluster}", "run.name=first", "run.file.seed=7", .. settings,
            ]);
        return (chart, new()
        {
            [("freemask-stores", "redis")] = await services.RedisAsync(),
            [("freemask-stores", "artifacts")] = await services.AzuriteAsync(),
        });
    }
}
