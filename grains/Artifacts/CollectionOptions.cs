using System.ComponentModel.DataAnnotations;

namespace FreeMask.Grains.Artifacts;

/// <summary>When artifacts that nothing names are removed. Section <c>FreeMask:Collection</c>.</summary>
public sealed class CollectionOptions
{
    /// <summary>
    /// How old an artifact must be to be removed: longer than any batch takes, because an artifact is made before the record that names it.
    /// Default 1 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    [FormerName("Grace")]
    public TimeSpan MinimumAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often a silo that leads runs collects; zero for never. The store must belong to this cluster alone. Default 6 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    [FormerName("Every")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(6);
}
