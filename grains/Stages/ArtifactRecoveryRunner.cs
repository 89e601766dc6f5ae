using System.Collections.Immutable;
using FreeMask.Grains.Artifacts;
using Microsoft.Extensions.Logging;

namespace FreeMask.Grains.Stages;

/// <summary>
/// Recomputes artifacts that the store has lost or found damaged: the same work on the same inputs gives the same bytes, so the hash is
/// valid again and no record changes. No fault is counted, neither for the sample that found the loss nor for its owner.
/// </summary>
/// <param name="inner">The next runner of the chain.</param>
/// <param name="stages">The stages.</param>
/// <param name="artifacts">The store.</param>
/// <param name="donors">The donor snapshot of the round; null before there is one.</param>
/// <param name="read">Reads the record of a sample of the same round; null where there is none.</param>
/// <param name="restoreLists">Has the round write its lists again, including the donor snapshot; null if not possible.</param>
/// <param name="logger">Logs lost artifacts.</param>
internal sealed partial class ArtifactRecoveryRunner(
    IStageRunner inner,
    StageTable stages,
    IArtifactStore artifacts,
    string? donors,
    Func<int, Task<SampleRecord?>> read,
    Func<Task>? restoreLists,
    ILogger logger
) : IStageRunner
{
    /// <inheritdoc/>
    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage stage,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        // Each artifact is recomputed once: a second loss has another cause.
        var restored = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            try
            {
                return await inner.RunAsync(stage, spec, inputs, cancellationToken);
            }
            catch (ArtifactLostException lost) when (restored.Add(lost.Hash))
            {
                LogLost(logger, lost, lost.Hash);
                if (!await RestoreAsync(lost.Hash, spec, inputs, cancellationToken)) throw;
            }
        }
    }

    /// <summary>Recomputes a lost artifact.</summary>
    /// <param name="hash">Its address.</param>
    /// <param name="spec">What the run makes.</param>
    /// <param name="inputs">The owner of the artifact, or samples that use it as a donor.</param>
    /// <param name="cancellationToken">The device stops.</param>
    /// <returns>False if the owner is unknown or the bytes differ.</returns>
    public async Task<bool> RestoreAsync(string hash, RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken)
    {
        if (await FindOwnerAsync(hash, inputs, cancellationToken) is not { } owner) return await RestoreListsAsync(hash, cancellationToken);
        var name = owner.Artifacts.First(a => a.Hash == hash).Name;
        if (stages.OriginOf(name) is not { } origin) return false;
        // The scoring model is not known here, and a prediction is only shown in the report.
        if (origin.UsesScoringModel && owner.ScoringModel is null && spec.Scoring.Segmenter is null) return false;
        var input = owner with
        {
            Artifacts =
            [
                .. owner.Artifacts.Where(a => stages.OriginOf(a.Name) is { } earlier && !stages.HasReached(earlier.Before, origin.Before)),
            ],
            Donors = origin.UsesDonors ? donors : null,
            ScoringModel = origin.UsesScoringModel ? owner.ScoringModel : null,
        };
        var outcome = (await RunAsync(origin.Stage, spec, [input], cancellationToken))[0];
        return outcome.Artifacts.Any(a => a.Hash == hash);
    }

    /// <summary>Has the lists written again if the lost artifact may be one of them.</summary>
    private async Task<bool> RestoreListsAsync(string hash, CancellationToken cancellationToken)
    {
        if (restoreLists is null) return false;
        await restoreLists();
        return await artifacts.ExistsAsync(hash, cancellationToken);
    }

    private async Task<StageInput?> FindOwnerAsync(string hash, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken)
    {
        try
        {
            return await OwnerAsync(hash, inputs, cancellationToken);
        }
        catch (ArtifactLostException list) when (list.Hash != hash && restoreLists is not null)
        {
            // The donors are not known while their list is lost.
            await restoreLists();
            return await OwnerAsync(hash, inputs, cancellationToken);
        }
    }

    /// <summary>The owner of an artifact: a sample of the batch, or a donor of the round.</summary>
    private async Task<StageInput?> OwnerAsync(string hash, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken)
    {
        if (inputs.FirstOrDefault(i => Has(i.Artifacts, hash)) is { } own) return own;
        if (donors is null || hash == donors) return null;
        var listed = await SampleLists.ReadSnapshotAsync(artifacts, donors, cancellationToken);
        if (listed.FirstOrDefault(s => s.Image == hash || s.Label == hash) is not { } donor) return null;
        return await read(donor.Index) is { } record && Has(record.Artifacts, hash)
            ? inputs[0] with { Index = record.Index, Plan = record.Plan, Attempt = record.Attempt, Artifacts = record.Artifacts }
            : null;
    }

    private static bool Has(ImmutableArray<ArtifactReference> artifacts, string hash) => artifacts.Any(a => a.Hash == hash);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The artifact {Hash} is lost; it is made again")]
    private static partial void LogLost(ILogger logger, Exception exception, string hash);
}
