using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>An object that was pasted in.</summary>
/// <param name="DonorId">Where it comes from.</param>
/// <param name="ClassId">Its label.</param>
/// <param name="Instance">Its number in the instance map.</param>
/// <param name="Box">Bounding box of what is visible of it.</param>
/// <param name="Scale">max(w / W, h / H) of the whole object and the image.</param>
/// <param name="Choice">The places that it could have taken, and the one that it took.</param>
internal sealed record PastedObject(string DonorId, byte ClassId, byte Instance, PixelBox Box, double Scale, PlacementChoice Choice)
{
    /// <summary>The score of its place, in 0..1.</summary>
    public double Score => Choice.Place.Score;
}

/// <summary>A composed image with exact labels.</summary>
/// <param name="Image">The image, objects pasted back to front.</param>
/// <param name="Classes">Class per pixel, 0 background, 255 undecided.</param>
/// <param name="Instances">Object per pixel: 0 background, 1.. the objects (the background's own first), 255 undecided.</param>
/// <param name="Objects">What was pasted, in the order of pasting; empty where the image stayed as it was.</param>
/// <param name="Pasted">How much of each pixel was pasted, 0 none to 255 all.</param>
internal sealed record Composite(
    RgbImage Image,
    LabelMap Classes,
    LabelMap Instances,
    IReadOnlyList<PastedObject> Objects,
    LabelMap Pasted
);
