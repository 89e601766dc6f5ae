using FreeMask.Imaging;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>A rendered scene with exact masks.</summary>
/// <param name="Image">128x128 RGB.</param>
/// <param name="Classes">VOC class per pixel, 0 where there is background. Shadows belong to the background.</param>
/// <param name="Instances">0 for background, else 1 + the position of the object in <paramref name="Objects"/>.</param>
/// <param name="Kind">The surroundings.</param>
/// <param name="Objects">The VOC class of every object, in painting order (later ones hide earlier ones).</param>
/// <param name="Art">The name of the drawing of every object, such as <c>noto:bicycle</c>.</param>
internal sealed record Scene(
    RgbImage Image,
    LabelMap Classes,
    LabelMap Instances,
    SceneKind Kind,
    IReadOnlyList<int> Objects,
    IReadOnlyList<string> Art
);
