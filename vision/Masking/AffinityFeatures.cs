using FreeMask.Diffusion.Attention;
using FreeMask.Imaging;
using FreeMask.Tensors;
using FreeMask.Vision.Affinity;

namespace FreeMask.Vision.Masking;

/// <summary>
/// What an affinity head sees of an image: three fixed levels of features that every model bundle has. AffinityNet uses three levels of a
/// classification network; here the diffusion model's self-attention is the semantic level, and colors at two scales are the others.
/// </summary>
/// <remarks>Each is scaled to about 1; the head has no bias and no normalization of its own.</remarks>
internal static class AffinityFeatures
{
    // Cosines 0..4 along each axis, without the constant.
    private const int Cosines = 5, AttentionChannels = (Cosines * Cosines) - 1;
    private const int TextureChannels = 9, ColorChannels = 5;
    private const float AttentionScale = 4, ColorScale = 1 / 25f, DeviationScale = 1 / 8f, PositionScale = 2;

    /// <summary>Channels of the levels.</summary>
    public static IReadOnlyList<int> Channels { get; } = [AttentionChannels, TextureChannels, ColorChannels];

    /// <summary>The grid of an image: its shorter side has <paramref name="side"/> cells, or the image's pixels where it has
    /// fewer.</summary>
    public static (int Width, int Height) Grid(RgbImage image, int side)
    {
        ArgumentNullException.ThrowIfNull(image);
        var scale = Math.Min(1, side / (double)Math.Min(image.Width, image.Height));
        return (Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)));
    }

    /// <summary>The features of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="self">Its self-attention.</param>
    /// <param name="side">Cells of the shorter side of the finest level.</param>
    /// <returns>
    /// Self-attention on its own grid: where each cell looks, as the cosine transform of its row. Texture: Lab means at a quarter and an
    /// eighth of the grid and the deviation within the former. Color: Lab and position.
    /// </returns>
    public static IReadOnlyList<FeatureMap> Extract(RgbImage image, SelfAttentionGrid self, int side)
    {
        ArgumentNullException.ThrowIfNull(self);
        var (width, height) = Grid(image, side);
        var lab = Lab(Resampling.Resize(image, width, height, ResamplingFilter.Antialias));
        return [Attention(self), Texture(lab), Color(lab)];
    }

    private static FeatureMap Attention(SelfAttentionGrid self)
    {
        var (width, height, cells) = (self.Width, self.Height, self.Width * self.Height);
        var waves = new float[AttentionChannels][];
        for (var n = 1; n < Cosines * Cosines; n++)
        {
            var wave = waves[n - 1] = new float[cells];
            for (var i = 0; i < cells; i++)
                wave[i] =
                    AttentionScale
                    * (float)(
                        Math.Cos(Math.PI * (n % Cosines) * ((i % width) + 0.5) / width)
                        * Math.Cos(Math.PI * (n / Cosines) * ((i / width) + 0.5) / height)
                    );
        }

        var result = new FeatureMap(AttentionChannels, width, height, new float[AttentionChannels * cells]);
        for (var i = 0; i < cells; i++)
        {
            var row = self.Values.AsSpan(i * cells, cells);
            var sum = 0f;
            foreach (var weight in row) sum += weight;
            for (var c = 0; c < AttentionChannels; c++) result.Plane(c)[i] = VectorMath.Dot(row, waves[c]) / Math.Max(sum, float.Epsilon);
        }

        return result;
    }

    private static FeatureMap Texture(FloatMap[] lab)
    {
        var (width, height) = (lab[0].Width, lab[0].Height);
        var result = new FeatureMap(TextureChannels, width, height, new float[TextureChannels * width * height]);
        for (var c = 0; c < 3; c++)
        {
            var squares = new FloatMap(width, height, Array.ConvertAll(lab[c].Values, v => v * v));
            var (mean, wide, square) = (Smooth(lab[c], 4), Smooth(lab[c], 8), Smooth(squares, 4));
            mean.Values.CopyTo(result.Plane(c));
            wide.Values.CopyTo(result.Plane(3 + c));
            var deviation = result.Plane(6 + c);
            // Lab values come scaled; what is left of the deviation's own scale is applied to it.
            for (var i = 0; i < deviation.Length; i++)
                deviation[i] =
                    MathF.Sqrt(Math.Max(0, square.Values[i] - (mean.Values[i] * mean.Values[i]))) * (DeviationScale / ColorScale);
        }

        return result;
    }

    private static FeatureMap Color(FloatMap[] lab)
    {
        var (width, height) = (lab[0].Width, lab[0].Height);
        var result = new FeatureMap(ColorChannels, width, height, new float[ColorChannels * width * height]);
        for (var c = 0; c < 3; c++) lab[c].Values.CopyTo(result.Plane(c));
        for (var i = 0; i < width * height; i++)
        {
            result.Plane(3)[i] = PositionScale * ((((i % width) + 0.5f) / width) - 0.5f);
            result.Plane(4)[i] = PositionScale * ((((i / width) + 0.5f) / height) - 0.5f);
        }

        return result;
    }

    // Area means of blocks, joined bilinearly.
    private static FloatMap Smooth(FloatMap map, int block)
    {
        var small = Resampling.Resize(map, Math.Max(1, map.Width / block), Math.Max(1, map.Height / block), ResamplingFilter.Area);
        return Resampling.Resize(small, map.Width, map.Height, ResamplingFilter.Bilinear);
    }

    private static FloatMap[] Lab(RgbImage image)
    {
        var values = LabColor.FromRgb(image);
        FloatMap[] planes = [new(image.Width, image.Height), new(image.Width, image.Height), new(image.Width, image.Height)];
        for (var i = 0; i < values.Length; i++) planes[i % 3].Values[i / 3] = (values[i] - (i % 3 == 0 ? 50 : 0)) * ColorScale;
        return planes;
    }
}
