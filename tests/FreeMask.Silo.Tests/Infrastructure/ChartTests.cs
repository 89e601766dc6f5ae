using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Silos;
using FreeMask.Pipeline;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>What the chart in <c>infra/kubernetes</c> renders to.</summary>
public sealed partial class ChartTests
{
    private static readonly string[] Image = ["image.registry=registry.example", "image.tag=1.2.3"];

    private static readonly string[] Azure =
    [
        "stores.azure.tableServiceUri=https://account.table.core.windows.net",
            "stores.azure.blobServiceUri=https://account.blob.core.windows.net",
        "artifacts.containerUri=https://account.blob.core.windows.net/artifacts",
            "serviceAccount.azureClientId=00000000-0000-0000-0000-000000000001",
    ];

    private static readonly string[] Everything =
    [
        .. Image, "workerDefaults.scaling.enabled=true", "scaling.prometheus=https://workspace.example",
        "scaling.azureClientId=00000000-0000-0000-0000-000000000002", "telemetry.endpoint=http://collector:4317",
        "run.name=first", "run.file.seed=7", "models.claim=bundles", "tls.secret=silo-tls",
    ];

    /// <summary>Combinations of values that users would choose: the examples' names, and further settings.</summary>
    public static TheoryData<string[], string[]> Choices => new()
    {
        { [], [.. Image, .. Azure] },
        { [], [.. Image, .. Azure, "stores.azure.state=blobs"] },
        { ["gpu"], [.. Everything, .. Azure] },
        { ["redis"], [.. Image] },
        { ["redis", "gpu"], [.. Everything, "telemetry.collector.enabled=true"] },
        { [], [.. Image, "stores.kind=postgresql", "stores.secret.name=state", "artifacts.claim=artifacts"] },
        { [], [.. Image, .. Azure, "dashboard.enabled=false", "networkPolicy.enabled=false", "serviceAccount.create=false",
            "products.claim=mine"] },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task Lint_finds_nothing(string[] examples, string[] settings)
    {
        var (exitCode, output, error) = await Chart.LintAsync(examples.Select(Chart.Example), settings);
        Assert.True(exitCode == 0, output + error);
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task Every_manifest_is_of_its_type_and_the_references_between_them_hold(string[] examples, string[] settings)
    {
        var chart = await Chart.RenderAsync(examples.Select(Chart.Example), settings);
        Assert.Equal(DocumentStart().Count(chart.Yaml), chart.Objects.Count);
        foreach (var deployment in chart.Deployments) AssertSelects(deployment.Spec.Selector, deployment.Spec.Template);
        foreach (var budget in chart.Objects.OfType<V1PodDisruptionBudget>()) Assert.Contains(chart.Pods, pod => Selects(
            budget.Spec.Selector, pod));
        foreach (var service in chart.Objects.OfType<V1Service>())
            Assert.Contains(chart.Pods, pod => Selects(new V1LabelSelector { MatchLabels = service.Spec.Selector }, pod));
        foreach (var scaled in chart.Objects.OfType<ScaledObject>())
        {
            // A Deployment that is scaled states no replicas: an upgrade would reset them.
            Assert.Null(chart.Find<V1Deployment>(scaled.Spec.ScaleTargetRef.Name).Spec.Replicas);
            Assert.All(scaled.Spec.Triggers, t => Assert.True(
                t.AuthenticationRef is null || chart.Objects.OfType<TriggerAuthentication>().Any(a =>
                    a.Metadata.Name == t.AuthenticationRef.Name)));
        }

        foreach (var pod in chart.Pods)
        {
            var container = Assert.Single(pod.Spec.Containers);
            Assert.All(container.VolumeMounts, mount => Assert.Contains(pod.Spec.Volumes, v => v.Name == mount.Name));
            Assert.All(pod.Spec.Volumes, volume => Assert.Contains(container.VolumeMounts, m => m.Name == volume.Name));
            foreach (var map in pod.Spec.Volumes.Where(v => v.ConfigMap is not null)) chart.Find<V1ConfigMap>(map.ConfigMap.Name);
            foreach (var probe in new[] { container.LivenessProbe, container.ReadinessProbe, container.StartupProbe }
                .OfType<V1Probe>().Where(p => p.HttpGet is not null))
                Assert.Contains(container.Ports, p => p.Name == probe.HttpGet.Port);
        }
    }

    [Theory]
    [MemberData(nameof(Choices))]
    public async Task Pods_run_without_rights_on_a_read_only_file_system_and_say_what_they_need(string[] examples, string[] settings)
    {
        var chart = await Chart.RenderAsync(examples.Select(Chart.Example), settings);
        foreach (var pod in chart.Pods)
        {
            Assert.True(pod.Spec.SecurityContext.RunAsNonRoot);
            Assert.Equal("RuntimeDefault", pod.Spec.SecurityContext.SeccompProfile.Type);
            var container = pod.Spec.Containers[0];
            Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Contains("cpu", container.Resources.Requests.Keys);
            Assert.Contains("memory", container.Resources.Requests.Keys);
            Assert.Contains("memory", container.Resources.Limits.Keys);
            Assert.DoesNotContain(":latest", container.Image, StringComparison.Ordinal);
        }

        // The chart never holds a secret; it names those that exist.
        Assert.Empty(chart.Objects.OfType<V1Secret>());
        Assert.DoesNotContain("AccountKey", chart.Yaml, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_pod_is_given_the_time_that_its_silo_takes_to_stop()
    {
        var chart = await Chart.RenderAsync([Chart.Example("gpu")], [.. Image, .. Azure, "workers.cpu.drainSeconds=1800",
            "coordinator.drainSeconds=0"]);
        var seconds = new List<long>();
        foreach (var pod in SilosOf(chart))
        {
            var drain = TimeSpan.Parse(pod.Spec.Containers[0].Env.Single(e => e.Name == "FreeMask__DeviceWorker__DrainTimeout").Value,
                CultureInfo.InvariantCulture);
            var arguments = SiloArguments.Parse([$"--FreeMask:DeviceWorker:DrainTimeout={drain}",
                $"--FreeMask:DataFolder={Path.GetTempPath()}"]);
            await using var app = SiloProgram.Build(arguments, (services, _) => services.AddFreeMaskPipeline(null));
            var takes = app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout.TotalSeconds;
            Assert.InRange(pod.Spec.TerminationGracePeriodSeconds!.Value, takes, takes + 30);
            seconds.Add((long)drain.TotalSeconds);
        }

        Assert.Equal([0, 180, 1800], seconds.Order());
    }

    [Fact]
    public async Task A_worker_of_a_gpu_asks_for_it_and_tolerates_its_nodes()
    {
        var chart = await Chart.RenderAsync([Chart.Example("gpu")], [.. Image, .. Azure]);
        var deployment = chart.Find<V1Deployment>("freemask-worker-cuda");
        var container = deployment.Spec.Template.Spec.Containers[0];
        Assert.Equal("registry.example/freemask-silo-cuda:1.2.3", container.Image);
        Assert.Equal("1", container.Resources.Limits["nvidia.com/gpu"].ToString());
        Assert.Equal("1", container.Resources.Requests["nvidia.com/gpu"].ToString());
        Assert.Equal("cuda:0", container.Env.Single(e => e.Name == "FreeMask__Devices__Names__0").Value);
        Assert.Contains(deployment.Spec.Template.Spec.Tolerations, t => t is { Key: "sku", Value: "gpu", Effect: "NoSchedule" });
        // A new pod would wait for a GPU that the old one holds.
        Assert.Equal("0", deployment.Spec.Strategy.RollingUpdate.MaxSurge.Value);
        Assert.DoesNotContain("nvidia.com/gpu", chart.Find<V1Deployment>("freemask-worker-cpu").Spec.Template.Spec.Containers[0]
            .Resources.Limits.Keys);
    }

    [Fact]
    public async Task Only_silos_reach_the_silo_port_and_only_clients_the_gateway_besides()
    {
        var chart = await Chart.RenderAsync([Chart.Example("gpu")], [.. Everything, .. Azure]);
        var policies = chart.Objects.OfType<V1NetworkPolicy>().Where(p => p.Spec.PolicyTypes.Contains("Ingress")).ToList();
        var silos = SilosOf(chart).ToList();
        Assert.Equal(3, silos.Count);
        var job = chart.Objects.OfType<V1Job>().Single().Spec.Template;
        var dashboard = chart.Find<V1Deployment>("freemask-dashboard").Spec.Template;
        var labels = new Dictionary<string, string> { ["app"] = "other" };
        var stranger = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = labels } };
        foreach (var silo in silos)
        {
            Assert.All(silos, other => Assert.True(Reaches(other, silo, 11111) && Reaches(other, silo, 30000)));
            Assert.False(Reaches(job, silo, 11111));
            Assert.True(Reaches(job, silo, 30000));
            Assert.False(Reaches(dashboard, silo, 11111));
            Assert.True(Reaches(dashboard, silo, 30000));
            foreach (var port in new[] { 8080, 11111, 30000 }) Assert.False(Reaches(stranger, silo, port));
        }

        Assert.True(Reaches(stranger, dashboard, 8080));

        bool Reaches(V1PodTemplateSpec from, V1PodTemplateSpec to, int port)
        {
            var own = policies.Where(p => Selects(p.Spec.PodSelector, to)).ToList();
            return own is [] || own.Any(p => p.Spec.Ingress.Any(rule =>
                rule.FromProperty.Any(peer => Selects(peer.PodSelector, from)) && rule.Ports.Any(r => r.Port.Value == port.ToString(
                    CultureInfo.InvariantCulture))));
        }
    }

    [Fact]
    public async Task Each_kind_of_worker_is_scaled_by_the_samples_that_it_can_work_on()
    {
        var chart = await Chart.RenderAsync([Chart.Example("gpu")], [.. Everything, .. Azure]);
        var queries = chart.Objects.OfType<ScaledObject>()
            .ToDictionary(s => s.Metadata.Name, s => s.Spec.Triggers.Select(t => t.Metadata["query"]).First(), StringComparer.Ordinal);
        Assert.Equal("sum(freemask_samples_pending{kind=~\"cpu|any\"})", queries["freemask-worker-cpu"]);
        Assert.Equal("sum(freemask_samples_pending{kind=~\"cuda|any\"})", queries["freemask-worker-cuda"]);
    }

    [Fact]
    public async Task The_collector_of_the_chart_gets_the_metrics_of_all_silos()
    {
        string[] settings = [.. Image, .. Azure, "telemetry.collector.enabled=true"];
        var chart = await Chart.RenderAsync([], settings);
        var collector = chart.Find<V1Deployment>("freemask-collector").Spec.Template;
        var service = chart.Find<V1Service>("freemask-collector");
        var endpoint = new Uri(chart.Find<V1ConfigMap>("freemask-silo").Data["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.Equal(service.Metadata.Name, endpoint.Host);
        Assert.Contains(service.Spec.Ports, p => p.Port == endpoint.Port);
        var policy = chart.Find<V1NetworkPolicy>("freemask-collector").Spec;
        Assert.All(SilosOf(chart), silo => Assert.Contains(policy.Ingress, rule =>
            rule.Ports.Any(p => p.Port.Value == $"{endpoint.Port}")
            && rule.FromProperty.Any(f => f.PodSelector is { } s && Selects(s, silo))));
        // The file is the one that ObservabilityTests read; what Prometheus is told is where it offers the metrics.
        var file = chart.Find<V1ConfigMap>("freemask-collector").Data["collector.yaml"];
        Assert.Contains($"endpoint: \"0.0.0.0:{endpoint.Port}\"", file, StringComparison.Ordinal);
        Assert.Contains($"endpoint: \"0.0.0.0:{collector.Metadata.Annotations["prometheus.io/port"]}\"", file, StringComparison.Ordinal);

        var http = await Chart.RenderAsync([], [.. settings, "telemetry.protocol=http/protobuf"]);
        Assert.Equal("http://freemask-collector:4318", http.Find<V1ConfigMap>("freemask-silo").Data["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        Assert.DoesNotContain("collector", (await Chart.RenderAsync([], [.. Image, .. Azure])).Yaml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_come_from_a_Secret_that_exists_and_are_mounted_where_the_settings_say()
    {
        string[] settings = [.. Everything, .. Azure, "tls.clientSecret=client-tls", "tls.serverName=silos.example",
            "tls.requireClientCertificate=false"];
        var chart = await Chart.RenderAsync([Chart.Example("gpu")], settings);
        var silo = chart.Find<V1ConfigMap>("freemask-silo").Data;
        var client = JsonSerializer.Deserialize<Dictionary<string, string>>(chart.Find<V1ConfigMap>("freemask-client")
            .Data["cluster.json"])!;
        foreach (var (key, value) in new[] { ("Authority", "/tls/ca.crt"), ("Certificate", "/tls/tls.crt"), ("Key", "/tls/tls.key"),
            ("ServerName", "silos.example") })
        {
            Assert.Equal(value, silo[$"FreeMask__Tls__{key}"]);
            Assert.Equal(value, client[$"FreeMask:Tls:{key}"]);
        }

        Assert.Equal("false", silo["FreeMask__Tls__RequireClientCertificate"]);
        foreach (var pod in chart.Pods)
        {
            var isSilo = pod.Metadata.Labels.ContainsKey("freemask/silo");
            Assert.Equal(isSilo ? "silo-tls" : "client-tls", pod.Spec.Volumes.Single(v => v.Name == "tls").Secret.SecretName);
            var mount = pod.Spec.Containers[0].VolumeMounts.Single(m => m.Name == "tls");
            Assert.True(mount is { MountPath: "/tls", ReadOnlyProperty: true });
        }

        var without = await Chart.RenderAsync([], [.. Image, .. Azure]);
        Assert.DoesNotContain("Tls", without.Yaml, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_dashboard_serves_others_only_with_tokens()
    {
        var closed = await DashboardAsync();
        Assert.Equal("http://127.0.0.1:8080", closed.Env.Single(e => e.Name == "Urls").Value);
        Assert.DoesNotContain(closed.Env, e => e.Name.StartsWith("Dashboard__", StringComparison.Ordinal));
        var open = await DashboardAsync("dashboard.secret.name=tokens");
        Assert.Equal("http://+:8080", open.Env.Single(e => e.Name == "Urls").Value);
        Assert.Equal("tokens", open.Env.Single(e => e.Name == "Dashboard__OperatorToken").ValueFrom.SecretKeyRef.Name);
        Assert.Equal("/cluster/cluster.json", open.Env.Single(e => e.Name == "FREEMASK_CLUSTER").Value);

        async Task<V1Container> DashboardAsync(params string[] settings) =>
            (await Chart.RenderAsync([], [.. Image, .. Azure, .. settings]))
                .Find<V1Deployment>("freemask-dashboard").Spec.Template.Spec.Containers[0];
    }

    [Fact]
    public async Task Releases_can_be_rolled_out_workers_first()
    {
        string[] settings = [.. Image, .. Azure];
        var before = await Chart.RenderAsync([], settings);
        var workersFirst = await Chart.RenderAsync([], [.. settings, "workerDefaults.tag=2.0.0"]);
        Assert.Equal(["freemask-worker-cpu"], Changed(before, workersFirst));
        var all = await Chart.RenderAsync([], [.. settings, "image.tag=2.0.0"]);
        Assert.Equal(["freemask-coordinator", "freemask-dashboard"], Changed(workersFirst, all));

        static IEnumerable<string> Changed(Chart one, Chart other) => one.Deployments
            .Where(d => d.Spec.Template.Spec.Containers[0].Image != other.Find<V1Deployment>(d.Metadata.Name)
                .Spec.Template.Spec.Containers[0].Image)
            .Select(d => d.Metadata.Name).Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("stores.azure.tableServiceUri is missing", "artifacts.containerUri=https://a/b")]
    [InlineData("artifacts are nowhere", "stores.kind=redis", "stores.secret.name=state")]
    [InlineData("stores.secret.name is missing", "stores.kind=redis", "artifacts.claim=x")]
    [InlineData("additional properties 'replica' not allowed", "coordinator.replica=2", "stores.kind=redis")]
    [InlineData("does not match pattern", "workers.cpu.devices={gpu}", "stores.kind=redis")]
    public async Task A_value_that_is_missing_or_wrong_is_named(string message, params string[] settings)
    {
        var (exitCode, _, error) = await Chart.TemplateAsync([], [.. Image, .. settings]);
        Assert.NotEqual(0, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_key_or_a_wrong_type_in_a_manifest_would_be_found()
    {
        var yaml = (await Chart.RenderAsync([], [.. Image, .. Azure])).Yaml;
        Assert.ThrowsAny<Exception>(() => Chart.Read(yaml.Replace("terminationGracePeriodSeconds", "terminationGracePeriod",
            StringComparison.Ordinal)));
        Assert.ThrowsAny<Exception>(() => Chart.Read(yaml.Replace("minReadySeconds: 5", "minReadySeconds: soon",
            StringComparison.Ordinal)));
    }

    private static IEnumerable<V1PodTemplateSpec> SilosOf(Chart chart) => chart.Pods.Where(p => p.Metadata.Labels.ContainsKey(
        "freemask/silo"));

    private static void AssertSelects(V1LabelSelector selector, V1PodTemplateSpec pod) => Assert.True(Selects(selector, pod));

    private static bool Selects(V1LabelSelector selector, V1PodTemplateSpec pod) =>
        (selector.MatchLabels ?? new Dictionary<string, string>()).All(l => pod.Metadata.Labels.TryGetValue(l.Key, out var value)
            && value == l.Value);

    [GeneratedRegex("^kind: ", RegexOptions.Multiline)]
    private static partial Regex DocumentStart();
}
