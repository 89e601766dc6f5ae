using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Services;
using Xunit;

namespace FreeMask.Silo.Tests.Cluster;

public sealed class ConnectionTests(LocalServices services)
{
    [Fact(Timeout = 120_000)]
    public async Task A_cluster_without_a_coordinator_says_so()
    {
        var worker = new Dictionary<string, string> { ["FreeMask:Roles"] = "worker" };
        var exception = await Assert.ThrowsAsync<ClusterUnavailableException>(
            () => ProcessCluster.StartAsync(services, Provider.Redis, TestContext.Current.CancellationToken, worker));
        Assert.Contains("has no coordinator", exception.Message, StringComparison.Ordinal);
        Assert.Contains("FreeMask:Roles", exception.Message, StringComparison.Ordinal);
    }
}
