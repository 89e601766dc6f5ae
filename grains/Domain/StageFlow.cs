namespace FreeMask.Grains.Domain;

/// <summary>Which work brings a sample from which stage to which.</summary>
public static class StageFlow
{
    /// <summary>Samples of pure image work that one batch holds.</summary>
    private const int ImageBatch = 8;

    /// <summary>The stage that a piece of work starts from.</summary>
    public static SampleStage Before(StageKind kind) => (SampleStage)kind;

    /// <summary>The stage that a piece of work leads to.</summary>
    public static SampleStage After(StageKind kind) => (SampleStage)(kind + 1);

    /// <summary>The work that a sample needs next; null where none is left to do by a device.</summary>
    public static StageKind? Next(SampleStage stage) => stage < SampleStage.Scored ? (StageKind)stage : null;

    /// <summary>Samples in one batch of work.</summary>
    public static int BatchOf(StageKind kind, RunSpec spec) => kind switch
    {
        StageKind.Generate => spec.Generation.Batch,
        StageKind.Mask => spec.Mask.Batch,
        StageKind.Score => spec.Scoring.Batch,
        _ => ImageBatch,
    };

    /// <summary>The largest batch of a run.</summary>
    public static int LargestBatch(RunSpec spec) => Enum.GetValues<StageKind>().Max(kind => BatchOf(kind, spec));
}
