namespace FreeMask.Vision;

/// <summary>What an object can rest on.</summary>
[Flags]
internal enum SupportSurfaces
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Floor, road, grass, snow.</summary>
    Ground = 1,

    /// <summary>Open water.</summary>
    Water = 2,

    /// <summary>Free sky.</summary>
    Air = 4,

    /// <summary>A table top that fills the lower part of the image.</summary>
    TableTop = 8,

    /// <summary>Ground on which aeroplanes stand.</summary>
    Runway = 16,
}
