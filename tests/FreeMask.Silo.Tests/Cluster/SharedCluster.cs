using FreeMask.Silo.Tests.Services;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>
/// The cluster of a test class: tests use it one after the other and replace silos that the previous test has killed, because starting
/// silos takes time. After a failed test the next one gets a new cluster.
/// </summary>
public abstract class SharedCluster(LocalServices services, Provider provider) : IAsyncDisposable
{
    private ProcessCluster? _cluster;
    private bool _taken;

    /// <summary>The stores of the cluster.</summary>
    public Provider Provider => provider;

    /// <summary>Returns the cluster with at least the given number of silos.</summary>
    internal async Task<ProcessCluster> TakeAsync(int silos, CancellationToken cancellationToken)
    {
        if (_taken) await DisposeAsync();
        _cluster ??= await ProcessCluster.StartAsync(services, provider, cancellationToken);
        _taken = true;
        await _cluster.GrowAsync(silos, cancellationToken);
        return _cluster;
    }

    /// <summary>Marks a test as passed.</summary>
    internal void GiveBack() => _taken = false;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is { } cluster) await cluster.DisposeAsync();
        (_cluster, _taken) = (null, false);
        GC.SuppressFinalize(this);
    }
}
