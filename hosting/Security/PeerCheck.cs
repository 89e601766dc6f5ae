namespace FreeMask.Hosting.Security;

/// <summary>
/// Ends a silo that the active silos of its cluster, or that itself, would refuse by TLS: Orleans would try to reach them for five minutes
/// without saying why it cannot. It asks active silos while this one joins, until it is active itself.
/// </summary>
internal sealed class PeerCheck(
    ClusterTls? tls,
    ISiloStatusOracle silos,
    ILocalSiloDetails self,
    IFatalErrorHandler fatal,
    TimeProvider time
) : ILifecycleParticipant<ISiloLifecycle>
{
    // A silo without a problem is active before the first check.
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(3),
        Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle lifecycle)
    {
        var active = new CancellationTokenSource();
        var check = Task.CompletedTask;
        lifecycle.Subscribe(
            nameof(PeerCheck),
            ServiceLifecycleStage.AfterRuntimeGrainServices,
            _ =>
            {
                check = Task.Run(() => RunAsync(active.Token), active.Token);
                return Task.CompletedTask;
            },
            _ => StopAsync()
        );
        lifecycle.Subscribe(nameof(PeerCheck), ServiceLifecycleStage.Active, _ => StopAsync());

        async Task StopAsync()
        {
            await active.CancelAsync();
            await check.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Delay, time, cancellationToken);
        var accepted = new HashSet<SiloAddress>();
        var problems = new Dictionary<SiloAddress, string>();
        while (true)
        {
            foreach (var silo in silos.GetApproximateSiloStatuses(onlyActive: true).Keys)
            {
                if (silo.Equals(self.SiloAddress) || accepted.Contains(silo)) continue;
                if (await TlsDiagnosis.ExplainAsync(silo.Endpoint, tls, cancellationToken) is not { } problem)
                {
                    accepted.Add(silo);
                }
                else if (problems.TryGetValue(silo, out var before) && before == problem)
                {
                    var failure = new FreeMaskException($"it cannot join the cluster, because {problem}");
                    fatal.OnFatalException(this, nameof(PeerCheck), failure);
                    return;
                }
                else
                {
                    // A silo that starts or stops may close one connection.
                    problems[silo] = problem;
                }
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
