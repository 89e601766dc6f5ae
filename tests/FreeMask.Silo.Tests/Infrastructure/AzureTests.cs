using System.Reflection;
using System.Text.Json.Nodes;
using FreeMask.Silo.Tests.Fakes;
using k8s.Models;
using Xunit;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>The template of <c>infra/azure</c>, compiled by Bicep, which knows the types of Azure's resources.</summary>
public sealed class AzureTests : IDisposable
{
    // Storage Table Data Contributor, Storage Blob Data Contributor, AcrPull, Monitoring Data Reader.
    private static readonly string[] Roles =
    [
        "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "7f951dda-4ed3-4680-a7ca-43fe172d538d", "b0d8363b-8ddd-447d-831f-62ca05bff136",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    ];

    private readonly TemporaryFolder _folder = new();

    private static string Template => Path.Combine(Repository.Root, "infra", "azure", "main.bicep");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_template_compiles_without_a_warning_and_gives_the_least_roles()
    {
        var template = await CompileAsync();
        var resources = template["resources"]!.AsArray().Select(r => r!).ToList();
        var roles = template["variables"]!["roles"]!.AsObject().Select(r => r.Value!.GetValue<string>());
        Assert.Equal(Roles, roles.Order(StringComparer.Ordinal));
        // Each role is for one resource, not for the group.
        var assignments = OfType(resources, "Microsoft.Authorization/roleAssignments").ToList();
        Assert.Equal(Roles.Length, assignments.Count);
        Assert.All(assignments, a => Assert.NotNull(a["scope"]));
        Assert.False(OfType(resources, "Microsoft.Storage/storageAccounts").Single()["properties"]!["allowSharedKeyAccess"]!
            .GetValue<bool>());
        Assert.False(OfType(resources, "Microsoft.ContainerRegistry/registries").Single()["properties"]!["adminUserEnabled"]!
            .GetValue<bool>());
    }

    [Fact]
    public async Task Only_artifacts_expire()
    {
        var template = await CompileAsync();
        var resources = template["resources"]!.AsArray().Select(r => r!);
        var policy = OfType(resources, "Microsoft.Storage/storageAccounts/managementPolicies").Single();
        var rule = Assert.Single(policy["properties"]!["policy"]!["rules"]!.AsArray())!["definition"]!;
        Assert.Equal("[format('{0}/', 'artifacts')]", Assert.Single(rule["filters"]!["prefixMatch"]!.AsArray())!.GetValue<string>());
    }

    [Fact]
    public async Task The_outputs_are_values_of_the_chart_and_gpu_workers_fit_on_the_gpu_pool()
    {
        var template = await CompileAsync();
        var values = template["outputs"]!["chartValues"]!["value"]!.DeepClone();
        Fill(values);
        var file = Path.Combine(_folder.Path, "azure.json");
        await File.WriteAllTextAsync(file, values.ToJsonString(), TestContext.Current.CancellationToken);
        var chart = await Chart.RenderAsync([file, Chart.Example("gpu")], "image.tag=1", "workers.cuda.scaling.enabled=true");
        Assert.Contains(chart.Objects, o => o is ScaledObject);

        var resources = template["resources"]!.AsArray().Select(r => r!).ToList();
        var pool = OfType(resources, "Microsoft.ContainerService/managedClusters/agentPools").Single()["properties"]!;
        Assert.Equal(0, pool["minCount"]!.GetValue<int>());
        var worker = chart.Find<V1Deployment>("freemask-worker-cuda").Spec.Template.Spec;
        var label = Assert.Single(worker.NodeSelector);
        Assert.Equal(label.Value, pool["nodeLabels"]![label.Key]!.GetValue<string>());
        var taint = Assert.Single(pool["nodeTaints"]!.AsArray())!.GetValue<string>();
        Assert.Contains(worker.Tolerations, t => $"{t.Key}={t.Value}:{t.Effect}" == taint);

        // The identity of silos is for the chart's service account, in the release and namespace that are the template's defaults.
        Assert.Equal(chart.Objects.OfType<V1ServiceAccount>().Single().Metadata.Name,
            template["parameters"]!["release"]!["defaultValue"]!.GetValue<string>());
        Assert.Contains(OfType(resources, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"), f =>
            f["properties"]!["subject"]!.GetValue<string>()
                == "[format('system:serviceaccount:{0}:{1}', parameters('namespace'), parameters('release'))]");
    }

    [Fact]
    public async Task A_misspelt_property_would_be_found()
    {
        var text = await File.ReadAllTextAsync(Template, TestContext.Current.CancellationToken);
        var file = Path.Combine(_folder.Path, "main.bicep");
        await File.WriteAllTextAsync(file, text.Replace("enableAutoScaling", "enableAutoscaling", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        var (_, _, error) = await BuildAsync(file);
        Assert.Contains("enableAutoscaling", error, StringComparison.Ordinal);
    }

    private static IEnumerable<JsonNode> OfType(IEnumerable<JsonNode> resources, string type) =>
        resources.Where(r => r["type"]!.GetValue<string>() == type);

    /// <summary>Replaces the expressions of a template by values such as Azure would give.</summary>
    private static void Fill(JsonNode node)
    {
        foreach (var (key, value) in node.AsObject().ToList())
        {
            if (value is JsonObject inner) Fill(inner);
            else if (value is JsonValue text && text.GetValue<string>().StartsWith('['))
                node[key] = key.EndsWith("ClientId", StringComparison.Ordinal) ? Guid.Empty.ToString()
                    : key == "registry" ? "account.azurecr.io" : "https://account.example/container";
        }
    }

    private static async Task<JsonNode> CompileAsync()
    {
        var (exitCode, output, error) = await BuildAsync(Template);
        Assert.True(exitCode == 0, error);
        Assert.Equal("", error);
        return JsonNode.Parse(output)!;
    }

    private static Task<(int ExitCode, string Out, string Error)> BuildAsync(string file)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the compiler that is referenced is for Linux");
        var bicep = typeof(AzureTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Bicep").Value!;
        return Tools.RunAsync(bicep, ["build", "--stdout", file]);
    }
}
