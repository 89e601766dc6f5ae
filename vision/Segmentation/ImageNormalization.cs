namespace FreeMask.Vision.Segmentation;

/// <summary>How bytes become a network's numbers: (value / 255 - mean) / deviation, per channel (R, G, B).</summary>
/// <param name="Mean">Three means, of values in 0..1.</param>
/// <param name="Deviation">Three deviations, likewise.</param>
internal sealed record ImageNormalization(IReadOnlyList<float> Mean, IReadOnlyList<float> Deviation)
{
    /// <summary>The statistics of ImageNet, which most backbones are trained with.</summary>
    public static ImageNormalization ImageNet { get; } = new([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);

    /// <summary>Normalizes one value in 0..255.</summary>
    public float Apply(float value, int channel) => ((value / 255) - Mean[channel]) / Deviation[channel];
}
