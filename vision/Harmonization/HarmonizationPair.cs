using FreeMask.Imaging;

namespace FreeMask.Vision.Harmonization;

/// <summary>A composite whose truth is known.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Group">What kind of pair it is.</param>
/// <param name="Composite">The image with an object of wrong colors.</param>
/// <param name="Truth">The image with that object's own colors.</param>
/// <param name="Mask">255 where the object is, 0 elsewhere.</param>
internal sealed record HarmonizationPair(string Name, string Group, RgbImage Composite, RgbImage Truth, LabelMap Mask);
