using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>Writes the lists of a shard's samples: which samples a list contains, and what of them.</summary>
/// <param name="stages">The order of the states.</param>
/// <param name="artifacts">The store of the lists.</param>
internal sealed class ShardListWriter(StageTable stages, IArtifactStore artifacts)
{
    /// <summary>
    /// The state that a sample has reached, or is quarantined, when a list is written. A sample that moved back since the phase changed
    /// would be missing in the list.
    /// </summary>
    public SampleState LeastStateOf(ShardDesiredState desired, SampleListKind kind, SampleRecord record) => kind switch
    {
        _ when IsHeldBack(desired, kind, record) =>
            IsSecondUse(desired, record) ? SampleState.Planned : stages[Stage.Compose].Before,
        SampleListKind.Donors when desired.Spec.Composition.JudgesDonors => SampleState.Scored,
        SampleListKind.Donors => stages[Stage.Compose].Before,
        SampleListKind.Candidates => stages[Stage.Score].Before,
        _ => SampleState.Kept,
    };

    /// <summary>
    /// Whether a sample is part of a list. A list that is written again later is the same: samples quarantined since then had reached the
    /// state.
    /// </summary>
    public bool Contains(ShardDesiredState desired, SampleListKind kind, SampleRecord record)
    {
        if (IsHeldBack(desired, kind, record)) return false;
        var reached = record.State == SampleState.Quarantined ? record.FailedAt : record.State;
        return kind switch
        {
            SampleListKind.Donors or SampleListKind.Candidates =>
                stages.HasReached(reached, LeastStateOf(desired, kind, record))
                && (kind == SampleListKind.Candidates || Donates(desired, record)),
            SampleListKind.Kept => reached == SampleState.Kept,
            _ => true,
        };
    }

    /// <summary>Writes the list of those records that are part of it.</summary>
    /// <exception cref="InvalidOperationException">A sample has no artifact that the list names.</exception>
    public async Task<SampleList> WriteAsync(ShardDesiredState desired, SampleListKind kind, IEnumerable<SampleRecord> records)
    {
        var listed = records.Where(r => Contains(desired, kind, r)).ToList();
        var hash = kind == SampleListKind.Manifest
            ? await artifacts.PutAsync(Manifest.Piece(listed), CancellationToken.None)
            : await SampleLists.WriteAsync(artifacts, listed.Select(r => Listed(kind, r)), CancellationToken.None);
        return new SampleList(hash, listed.Count);
    }

    /// <summary>
    /// Whether a list is made before a sample takes part: second uses take their drawings after the donors are listed, and where donors are
    /// judged, samples that take objects are composed after that.
    /// </summary>
    private static bool IsHeldBack(ShardDesiredState desired, SampleListKind kind, SampleRecord record) => kind switch
    {
        SampleListKind.Donors when IsSecondUse(desired, record) => true,
        SampleListKind.Donors or SampleListKind.Candidates =>
            desired.Spec.Composition.JudgesDonors
            && SamplePlanner.TakesObjects(desired.Spec, record.Round, record.Index, record.Attempt),
        _ => false,
    };

    private static bool IsSecondUse(ShardDesiredState desired, SampleRecord record) =>
        SamplePlanner.DrawingOf(desired.Spec, record.Index) is not null;

    /// <summary>Whether a sample is on the kept side of the thresholds of donors, where donors are judged.</summary>
    private static bool Donates(ShardDesiredState desired, SampleRecord record)
    {
        if (!desired.Spec.Composition.JudgesDonors) return true;
        var threshold = desired.DonorThresholds.FirstOrDefault(t => t.IsFor(record.Plan.Class, objects: 1));
        return threshold is not null
            && record.Score is { } score
            && Selection.IsKept(threshold, SampleTransitions.Quantize(score), record.Index);
    }

    private static ListedSample Listed(SampleListKind kind, SampleRecord record)
    {
        var (image, label) =
            kind == SampleListKind.Donors
                ? (ArtifactNames.Image, ArtifactNames.Label)
                : (ArtifactNames.FinalImage, ArtifactNames.CompositeLabel);
        return new ListedSample(record.Index, record.Plan.ClassIndex, Hash(image), Hash(label));

        string Hash(string name) =>
            record.Artifact(name) ?? throw new InvalidOperationException($"Sample {record.Round}/{record.Index} has no artifact '{name}'.");
    }
}
