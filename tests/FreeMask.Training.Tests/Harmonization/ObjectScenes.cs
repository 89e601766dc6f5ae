using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Training.Tests.Harmonization;

/// <summary>Images of noise with one square object, and its masks.</summary>
internal static class ObjectScenes
{
    /// <summary>Writes twelve images of 48 x 48 pixels and their masks.</summary>
    internal static void Write(string folder, int objectSide = 20)
    {
        Directory.CreateDirectory(Path.Combine(folder, "images"));
        Directory.CreateDirectory(Path.Combine(folder, "masks"));
        for (var n = 0; n < 12; n++)
        {
            var random = new CounterRandom((ulong)n, "image");
            var (image, mask) = (new RgbImage(48, 48), new RgbImage(48, 48));
            for (var i = 0; i < 48 * 48; i++)
            {
                var inside = i % 48 is > 10 && i % 48 < 10 + objectSide && i / 48 > 12 && i / 48 < 12 + objectSide;
                for (var c = 0; c < 3; c++)
                {
                    image.Pixels[(3 * i) + c] = (byte)((inside ? 90 + (6 * n) : 150) + (8 * c) + random.NextInt(30));
                    mask.Pixels[(3 * i) + c] = inside ? (byte)255 : (byte)0;
                }
            }

            File.WriteAllBytes(Path.Combine(folder, "images", $"{n:00}.png"), ImageCodec.EncodePng(image));
            File.WriteAllBytes(Path.Combine(folder, "masks", $"{n:00}.png"), ImageCodec.EncodePng(mask));
        }
    }
}
