using System.Text.Json;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using k8s.Models;
using Xunit;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>
/// The silos of a rendered chart as processes: each has exactly the environment that the kubelet would give its container, and what pods
/// do not share on one machine, namely ports, as arguments.
/// </summary>
internal sealed class PodCluster(Chart chart, KubernetesApi api, IReadOnlyDictionary<(string Secret, string Key), string> secrets)
    : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<SiloProcess> _pods = [];

    /// <summary>The client, connected by the file that the chart gives to jobs.</summary>
    public SiloConnection Client { get; private set; } = null!;

    /// <summary>Starts a pod of a Deployment; it is not ready yet.</summary>
    public SiloProcess Start(string deployment, params string[] settings)
    {
        var template = chart.Find<V1Deployment>(deployment).Spec.Template;
        var pod = new V1Pod
        {
            ApiVersion = "v1",
            Kind = "Pod",
            Metadata = new V1ObjectMeta
            {
                Name = $"{deployment}-{_pods.Count + 1}",
                NamespaceProperty = Chart.Namespace,
                Labels = new Dictionary<string, string>(template.Metadata.Labels),
            },
            Status = new V1PodStatus { PodIP = "127.0.0.1" },
        };
        api.Add(pod);
        var environment = chart.EnvironmentOf(template, pod, secrets);
        Mount(template, environment);
        // The kubelet adds the address of the API server. The image sets the folder of data, which is mounted in a pod.
        environment["KUBERNETES_SERVICE_HOST"] = "127.0.0.1";
        environment["FreeMask__DataFolder"] = _folder.Path;
        var ((siloPort, gatewayPort), (healthPort, _)) = (Ports.Pair(), Ports.Pair());
        string[] arguments =
        [
            $"--Orleans:Endpoints:SiloPort={siloPort}", $"--Orleans:Endpoints:GatewayPort={gatewayPort}",
            $"--Test:KubernetesApi={api.Address}", "--Test:BatchMilliseconds=60", .. settings,
        ];
        var silo = SiloProcess.Start(pod.Metadata.Name, _folder.Path, arguments, healthPort, environment);
        _pods.Add(silo);
        return silo;
    }

    /// <summary>Connects as the Job of a run does: by the mounted cluster file and the connection strings of its environment.</summary>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        var job = chart.Objects.OfType<V1Job>().Single().Spec.Template;
        var container = job.Spec.Containers[0];
        var volume = job.Spec.Volumes.Single(v => v.Name == container.VolumeMounts.Single(m => m.MountPath == "/cluster").Name);
        var settings = JsonSerializer.Deserialize<Dictionary<string, string>>(chart.Find<V1ConfigMap>(volume.ConfigMap.Name)
            .Data["cluster.json"])!;
        const string Prefix = "FREEMASK_";
        foreach (var (name, value) in chart.EnvironmentOf(job, new V1Pod(), secrets))
            if (name.StartsWith(Prefix, StringComparison.Ordinal)) settings[name[Prefix.Length..].Replace("__", ":",
                StringComparison.Ordinal)] = value;
        Mount(job, settings);
        var file = Path.Combine(_folder.Path, "cluster.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(settings), cancellationToken);
        Client = await SiloConnection.ConnectAsync(file, null, cancellationToken);
    }

    /// <summary>The log of a pod.</summary>
    public async Task<string> LogOfAsync(SiloProcess pod) =>
        await File.ReadAllTextAsync(Path.Combine(_folder.Path, $"{pod.Name}.log"), TestContext.Current.CancellationToken);

    /// <summary>Writes the Secrets that a pod mounts, and lets settings name these files in place of those in the container.</summary>
    private void Mount(V1PodTemplateSpec template, Dictionary<string, string> settings)
    {
        foreach (var volume in template.Spec.Volumes.Where(v => v.Secret is not null))
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, volume.Secret.SecretName)).FullName;
            foreach (var (secret, text) in secrets.Where(s => s.Key.Secret == volume.Secret.SecretName))
                File.WriteAllText(Path.Combine(folder, secret.Key), text);
            var path = template.Spec.Containers[0].VolumeMounts.Single(m => m.Name == volume.Name).MountPath + "/";
            foreach (var (name, value) in settings.Where(s => s.Value.StartsWith(path, StringComparison.Ordinal)).ToList())
                settings[name] = Path.Combine(folder, value[path.Length..]);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Client is { } client) await client.DisposeAsync();
        foreach (var pod in _pods) await pod.DisposeAsync();
        if (Environment.GetEnvironmentVariable("FREEMASK_TEST_SILO_LOGS") is { } kept)
            foreach (var log in Directory.EnumerateFiles(_folder.Path, "*.log")) File.Copy(log, Path.Combine(kept, Path.GetFileName(log)),
                overwrite: true);
        _folder.Dispose();
    }
}
