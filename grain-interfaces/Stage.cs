namespace FreeMask.GrainInterfaces;

/// <summary>
/// A stage of work on samples. Numbers are stored and never change; <see cref="StageTable"/> defines the stages and their order.
/// </summary>
[GenerateSerializer, Alias("freemask.StageKind")]
public enum Stage : byte
{
    /// <summary>Generates the image and captures attention: Planned to Generated.</summary>
    Generate = 0,

    /// <summary>Makes the label map: Generated to Masked, or rejected.</summary>
    Mask = 1,

    /// <summary>Pastes objects of other samples: Masked to Composed.</summary>
    Compose = 2,

    /// <summary>Matches the colors of pasted objects: Composed to Harmonized.</summary>
    Harmonize = 3,

    /// <summary>Scores the label map: Harmonized to Scored.</summary>
    Score = 4,
}
