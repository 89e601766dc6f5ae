namespace FreeMask.Grains.Stages;

/// <summary>
/// Measures the duration of the current call. It is directly around the handlers, so that a batch that is retried sample by sample counts
/// as several calls, not as a long one.
/// </summary>
/// <param name="inner">What works.</param>
/// <param name="time">The clock.</param>
internal sealed class StageWatchdog(IStageRunner inner, TimeProvider time) : IStageRunner
{
    private long _began;

    /// <summary>Time since the last call began; zero before the first.</summary>
    public TimeSpan Elapsed => Interlocked.Read(ref _began) is var began and not 0 ? time.GetElapsedTime(began) : TimeSpan.Zero;

    /// <inheritdoc/>
    public Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage stage,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        Interlocked.Exchange(ref _began, time.GetTimestamp());
        return inner.RunAsync(stage, spec, inputs, cancellationToken);
    }
}
