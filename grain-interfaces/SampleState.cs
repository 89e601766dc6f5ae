namespace FreeMask.GrainInterfaces;

/// <summary>
/// How far a sample has come. Numbers are stored and never change; they say nothing about order. The order is that of
/// <see cref="StageTable.States"/>. The last three are final.
/// </summary>
[GenerateSerializer, Alias("freemask.SampleStage")]
public enum SampleState : byte
{
    /// <summary>Class, background, prompt and seeds are drawn.</summary>
    Planned = 0,

    /// <summary>The image is drawn, its attention captured.</summary>
    Generated = 1,

    /// <summary>The label map is made and accepted.</summary>
    Masked = 2,

    /// <summary>Other objects are pasted in, or the image was chosen to stay as it is.</summary>
    Composed = 3,

    /// <summary>Pasted objects match their surroundings.</summary>
    Harmonized = 4,

    /// <summary>A model that was not trained on the sample has scored it.</summary>
    Scored = 5,

    /// <summary>Selected for the data set.</summary>
    Kept = 6,

    /// <summary>Scored too low for the data set.</summary>
    Dropped = 7,

    /// <summary>Given up, with the reason.</summary>
    Quarantined = 8,
}
