using FreeMask.Grains.Artifacts;

namespace FreeMask.Grains.Stages;

/// <summary>The model, not a sample, is at fault. The message is shown to the user.</summary>
internal sealed class ModelFaultException(string message, Exception innerException) : Exception(message, innerException);

/// <summary>
/// Finds the cause of a failed batch by retrying its samples one by one. A sample that fails alone is a poison sample. If several are
/// tried and all fail, the model is at fault, which is one error and not one for each sample. Samples that failed before do not count as
/// evidence against the model: the poison samples of a shard remain and end up in one batch.
/// </summary>
/// <param name="inner">The next runner of the chain.</param>
/// <param name="stages">The stages.</param>
/// <param name="proven">Whether the same work with the same models succeeded before on this device.</param>
internal sealed class PoisonSampleIsolator(IStageRunner inner, StageTable stages, bool proven) : IStageRunner
{
    // For a model that never worked two samples are enough evidence; one that worked may meet several poison samples in a row.
    private const int ProofAgainstNew = 2, ProofAgainstProven = 4;

    /// <inheritdoc/>
    /// <exception cref="ModelFaultException">The model is at fault.</exception>
    /// <exception cref="ArtifactStoreException">The store failed: try later.</exception>
    /// <exception cref="OperationCanceledException">The device stops.</exception>
    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage stage,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await RunCheckedAsync(stage, spec, inputs, cancellationToken);
        }
        catch (Exception exception) when (!IsTransient(exception, cancellationToken))
        {
            if (exception is FreeMaskException) throw new ModelFaultException(exception.Message, exception);
            if (inputs.Count == 1) return [StageOutcome.Fault(Describe(exception))];
            return await OneByOneAsync(stage, spec, inputs, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<StageOutcome>> OneByOneAsync(
        Stage stage,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var outcomes = new List<StageOutcome>();
        Exception? last = null;
        var failed = 0;
        foreach (var input in inputs)
        {
            try
            {
                outcomes.AddRange(await RunCheckedAsync(stage, spec, [input], cancellationToken));
            }
            catch (Exception exception) when (!IsTransient(exception, cancellationToken))
            {
                if (exception is FreeMaskException) throw new ModelFaultException(exception.Message, exception);
                (last, failed) = (exception, failed + 1);
                outcomes.Add(StageOutcome.Fault(Describe(exception)));
            }
        }

        var proof = proven ? Math.Min(ProofAgainstProven, Math.Max(ProofAgainstNew, stages[stage].BatchSize(spec))) : ProofAgainstNew;
        return last is not null && failed == inputs.Count && inputs.Count(i => i.Faults == 0) >= proof
            ? throw new ModelFaultException($"{stage} failed for all of {failed} samples: {Describe(last)}", last)
            : outcomes;
    }

    private async Task<IReadOnlyList<StageOutcome>> RunCheckedAsync(
        Stage stage,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var outcomes = await inner.RunAsync(stage, spec, inputs, cancellationToken);
        return outcomes.Count == inputs.Count
            ? outcomes
            : throw new InvalidOperationException($"{stage} answered {outcomes.Count} outcomes for {inputs.Count} samples.");
    }

    private static bool IsTransient(Exception exception, CancellationToken cancellationToken) =>
        exception is ArtifactStoreException and not ArtifactLostException
        || (exception is OperationCanceledException && cancellationToken.IsCancellationRequested);

    private static string Describe(Exception exception) => $"{exception.GetType().Name}: {exception.Message}";
}
