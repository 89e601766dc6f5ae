namespace FreeMask.Vision.Thesaurus;

/// <summary>One class seen from one background.</summary>
/// <param name="ClassId">Its label, from 1; 0 for a class of the corpus that the label set does not have.</param>
/// <param name="Class">Its name in the corpus.</param>
/// <param name="Images">N(f, b): images with a caption that mentions both.</param>
/// <param name="Captions">The captions that mention both.</param>
/// <param name="R">N(f, b) / N(b), in 0..1; 0 where the background never occurs.</param>
/// <param name="Interval">The 95 % interval of R.</param>
/// <param name="Smoothed">R after backing off to the containing scenes, in 0..1.</param>
/// <param name="Normalized">R~: the smoothed R over the largest smoothed R of this background, in 0..1.</param>
/// <param name="Lift">The smoothed R over the class's share of all images: above 1, the class is named more often with this background
/// than without.</param>
/// <param name="Source">The scene whose counts allow the class: this one, or one that contains it; null where the class is not
/// allowed.</param>
internal sealed record ClassMatch(
    int ClassId,
    string Class,
    int Images,
    int Captions,
    double R,
    Proportion Interval,
    double Smoothed,
    double Normalized,
    double Lift,
    string? Source)
{
    /// <summary>Whether objects of the class may be put into the background.</summary>
    public bool Allowed => Source is not null;
}
