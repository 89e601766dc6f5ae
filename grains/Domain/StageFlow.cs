namespace FreeMask.Grains.Domain;

/// <summary>Which work brings a sample from which stage to which.</summary>
public static class StageFlow
{
    /// <summary>Samples of pure image work that one batch holds.</summary>
    private const int ImageBatch = 8;

    /// <summary>The stage that a piece of work starts from.</summary>
    public static SampleState Before(Stage stage) => (SampleState)stage;

    /// <summary>The stage that a piece of work leads to.</summary>
    public static SampleState After(Stage stage) => (SampleState)(stage + 1);

    /// <summary>The work that a sample needs next; null where none is left to do by a device.</summary>
    public static Stage? Next(SampleState stage) => stage < SampleState.Scored ? (Stage)stage : null;

    /// <summary>Samples in one batch of work.</summary>
    public static int BatchOf(Stage stage, RunSpec spec) => stage switch
    {
        Stage.Generate => spec.Generation.Batch,
        Stage.Mask => spec.Mask.Batch,
        Stage.Score => spec.Scoring.Batch,
        _ => ImageBatch,
    };

    /// <summary>The largest batch of a run.</summary>
    public static int LargestBatch(RunSpec spec) => Enum.GetValues<Stage>().Max(stage => BatchOf(stage, spec));
}
