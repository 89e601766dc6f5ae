using System.ComponentModel.DataAnnotations;

namespace FreeMask.Grains.Artifacts;

/// <summary>When unreferenced artifacts are removed. Section <c>FreeMask:Collection</c>.</summary>
internal sealed class CollectionOptions
{
    /// <summary>
    /// Minimum age of an artifact that is removed. It must exceed the duration of any batch, because an artifact is stored before the
    /// record that refers to it. Default 1 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    [FormerName("Grace")]
    public TimeSpan MinimumAge { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Interval between collections on a silo with the coordinator role; zero for never. The store must belong to this cluster alone.
    /// Default 6 h.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    [FormerName("Every")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromHours(6);
}
