namespace FreeMask.GrainInterfaces;

/// <summary>A stage: work on samples. Numbers are stored and never change; <see cref="StageTable"/> says what each stage is and their order.</summary>
[GenerateSerializer, Alias("freemask.StageKind")]
public enum Stage : byte
{
    /// <summary>Draws the image and captures attention: Planned to Generated.</summary>
    Generate = 0,

    /// <summary>Makes the label map: Generated to Masked, or rejected.</summary>
    Mask = 1,

    /// <summary>Pastes objects: Masked to Composed.</summary>
    Compose = 2,

    /// <summary>Matches pasted objects: Composed to Harmonized.</summary>
    Harmonize = 3,

    /// <summary>Scores: Harmonized to Scored.</summary>
    Score = 4,
}
