namespace FreeMask.Grains.Stages;

/// <summary>
/// Measures how long the present call lasts. It stands next to the handlers, so that a batch that is tried again sample by sample counts as
/// several calls, not as one that takes long.
/// </summary>
/// <param name="inner">What works.</param>
/// <param name="time">The clock.</param>
internal sealed class StageWatchdog(IStageRunner inner, TimeProvider time) : IStageRunner
{
    private long _began;

    /// <summary>Time since the last call began; zero before the first.</summary>
    public TimeSpan Elapsed => Interlocked.Read(ref _began) is var began and not 0 ? time.GetElapsedTime(began) : TimeSpan.Zero;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageOutcome>> RunAsync(Stage stage, RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _began, time.GetTimestamp());
        return inner.RunAsync(stage, spec, inputs, cancellationToken);
    }
}
