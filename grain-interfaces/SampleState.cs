namespace FreeMask.GrainInterfaces;

/// <summary>
/// The state of a sample. Numbers are stored and never change; the order of states is that of <see cref="StageTable.States"/>, not of the
/// numbers. The last three are final.
/// </summary>
[GenerateSerializer, Alias("freemask.SampleStage")]
public enum SampleState : byte
{
    /// <summary>Class, background, prompt and random stream are planned.</summary>
    Planned = 0,

    /// <summary>The image is generated and its attention captured.</summary>
    Generated = 1,

    /// <summary>The label map is made and accepted.</summary>
    Masked = 2,

    /// <summary>Objects of other samples are pasted in, or the image stays as it is.</summary>
    Composed = 3,

    /// <summary>The colors of pasted objects are matched to the image.</summary>
    Harmonized = 4,

    /// <summary>A model that was not trained on the sample has scored it.</summary>
    Scored = 5,

    /// <summary>Selected for the data set.</summary>
    Kept = 6,

    /// <summary>Scored too low for the data set.</summary>
    Dropped = 7,

    /// <summary>Given up, with a reason; a retry continues.</summary>
    Quarantined = 8,
}
