using FreeMask.Silo.Tests.Fakes;
using k8s;
using k8s.Models;
using Xunit;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>The Helm chart, rendered and read into the types of the Kubernetes API, which refuses unknown keys and wrong types.</summary>
internal sealed class Chart
{
    private static readonly Dictionary<string, Type> OwnTypes = new()
    {
        ["keda.sh/v1alpha1/ScaledObject"] = typeof(ScaledObject),
        ["keda.sh/v1alpha1/TriggerAuthentication"] = typeof(TriggerAuthentication),
    };

    private Chart(string yaml) => (Yaml, Objects) = (yaml, Read(yaml));

    /// <summary>The folder of the chart.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "infra", "kubernetes", "freemask");

    /// <summary>The name of the release.</summary>
    public const string Release = "freemask";

    /// <summary>The namespace.</summary>
    public const string Namespace = "data-sets";

    /// <summary>What Helm rendered.</summary>
    public string Yaml { get; }

    /// <summary>The objects.</summary>
    public IReadOnlyList<object> Objects { get; }

    /// <summary>The Deployments.</summary>
    public IEnumerable<V1Deployment> Deployments => Objects.OfType<V1Deployment>();

    /// <summary>The pods of Deployments and Jobs.</summary>
    public IEnumerable<V1PodTemplateSpec> Pods => [.. Deployments.Select(d => d.Spec.Template), .. Objects.OfType<V1Job>().Select(j =>
        j.Spec.Template)];

    /// <summary>The object of a kind and name.</summary>
    public T Find<T>(string name) where T : IMetadata<V1ObjectMeta> => Objects.OfType<T>().Single(o => o.Metadata.Name == name);

    /// <summary>An example of values that comes with the chart.</summary>
    public static string Example(string name) => Path.Combine(Repository.Root, "infra", "kubernetes", "values", $"{name}.yaml");

    /// <summary>Renders the chart.</summary>
    /// <param name="values">Values files; later ones win.</param>
    /// <param name="settings">Single values, such as <c>image.tag=1</c>.</param>
    public static async Task<Chart> RenderAsync(IEnumerable<string> values, params string[] settings)
    {
        var (exitCode, yaml, error) = await TemplateAsync(values, settings);
        Assert.True(exitCode == 0, error);
        return new Chart(yaml);
    }

    /// <summary>Runs <c>helm template</c>.</summary>
    public static async Task<(int ExitCode, string Yaml, string Error)> TemplateAsync(IEnumerable<string> values,
        params string[] settings) =>
        await Tools.RunAsync(await Tools.HelmAsync(), ["template", Release, Folder, "--namespace", Namespace, .. Arguments(values,
            settings)]);

    /// <summary>Runs <c>helm lint --strict</c>.</summary>
    public static async Task<(int ExitCode, string Out, string Error)> LintAsync(IEnumerable<string> values, params string[] settings) =>
        await Tools.RunAsync(await Tools.HelmAsync(), ["lint", Folder, "--strict", .. Arguments(values, settings)]);

    /// <summary>Reads manifests strictly.</summary>
    public static IReadOnlyList<object> Read(string yaml) => [.. KubernetesYaml.LoadAllFromString(yaml, OwnTypes, strict: true)];

    /// <summary>
    /// The environment of the first container of a pod as the kubelet makes it: config maps, then variables, from values, fields of the pod
    /// and Secrets.
    /// </summary>
    public Dictionary<string, string> EnvironmentOf(V1PodTemplateSpec pod, V1Pod self, IReadOnlyDictionary<(string Secret, string Key),
        string> secrets)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        var container = pod.Spec.Containers[0];
        foreach (var source in container.EnvFrom ?? [])
            foreach (var (name, value) in Find<V1ConfigMap>(source.ConfigMapRef.Name).Data) environment[name] = value;
        foreach (var variable in container.Env ?? [])
        {
            environment[variable.Name] = variable.ValueFrom switch
            {
                null => variable.Value,
                { FieldRef.FieldPath: "metadata.name" } => self.Metadata.Name,
                { FieldRef.FieldPath: "metadata.namespace" } => self.Metadata.NamespaceProperty,
                { FieldRef.FieldPath: "status.podIP" } => self.Status.PodIP,
                { SecretKeyRef: { } secret } => secrets[(secret.Name, secret.Key)],
                _ => throw new NotSupportedException($"{variable.Name} comes from a source that the kubelet knows and this test does not."),
            };
        }

        return environment;
    }

    private static IEnumerable<string> Arguments(IEnumerable<string> values, string[] settings) =>
        [.. values.SelectMany(v => new[] { "--values", v }), .. settings.SelectMany(s => new[] { "--set", s })];
}
