using FreeMask.Silo.Tests.Services;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>
/// The cluster of a test class: tests take it one after the other and replace what the one before has killed, because starting silos is
/// what takes time. After a test that failed the next one gets a new cluster.
/// </summary>
public abstract class SharedCluster(LocalServices services, Provider provider) : IAsyncDisposable
{
    private ProcessCluster? _cluster;
    private bool _taken;

    /// <summary>What the cluster stands on.</summary>
    public Provider Provider => provider;

    /// <summary>Gives the cluster with at least so many silos.</summary>
    internal async Task<ProcessCluster> TakeAsync(int silos, CancellationToken cancellationToken)
    {
        if (_taken) await DisposeAsync();
        _cluster ??= await ProcessCluster.StartAsync(services, provider, cancellationToken);
        _taken = true;
        await _cluster.GrowAsync(silos, cancellationToken);
        return _cluster;
    }

    /// <summary>Says that a test has ended well.</summary>
    internal void GiveBack() => _taken = false;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is { } cluster) await cluster.DisposeAsync();
        (_cluster, _taken) = (null, false);
        GC.SuppressFinalize(this);
    }
}
