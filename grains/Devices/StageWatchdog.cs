using FreeMask.Grains.Stages;

namespace FreeMask.Grains.Devices;

/// <summary>A runner that tells for how long its present call lasts: a batch that is worked on again sample by sample is alive, though it takes long.</summary>
internal sealed class StageWatchdog(IStageRunner runner, TimeProvider time) : IStageRunner
{
    private long _began;

    /// <summary>Time since the last call began; zero before the first.</summary>
    public TimeSpan Elapsed => Interlocked.Read(ref _began) is var began and not 0 ? time.GetElapsedTime(began) : TimeSpan.Zero;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageOutcome>> RunAsync(Stage stage, RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _began, time.GetTimestamp());
        return runner.RunAsync(stage, spec, inputs, cancellationToken);
    }
}
