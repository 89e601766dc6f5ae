using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Vision.Harmonization;

/// <summary>Recognizes public exports by the channels of their inputs.</summary>
internal static class PublicForms
{
    /// <summary>The form of a model; null where it has neither.</summary>
    internal static IHarmonizerForm? Of(OnnxSession session)
    {
        var images = session.Inputs.Where(port => port.Rank == 4 && port.Dimensions[1] == 3).ToList();
        var masks = session.Inputs.Where(port => port.Rank == 4 && port.Dimensions[1] == 1).ToList();
        if (images.Count + masks.Count != session.Inputs.Count || images.Count != masks.Count || session.Outputs.Count == 0) return null;
        return images.Count switch
        {
            1 => new RainNetForm(images[0], masks[0]),
            2 when IsLow(images[0]) != IsLow(images[1]) && IsLow(masks[0]) != IsLow(masks[1]) => new PctNetForm(
                (images.First(IsLow), masks.First(IsLow)),
                (images.First(port => !IsLow(port)).Name, masks.First(port => !IsLow(port)).Name)
            ),
            _ => null,
        };
    }

    private static bool IsLow(OnnxPort port) =>
        port.Name.Contains("lr", StringComparison.OrdinalIgnoreCase) || port.Name.Contains("low", StringComparison.OrdinalIgnoreCase);

    /// <summary>The side of an input; 256 where it is free.</summary>
    internal static (int Width, int Height) SizeOf(OnnxPort port) =>
        (port.Dimensions[3] > 0 ? port.Dimensions[3] : 256, port.Dimensions[2] > 0 ? port.Dimensions[2] : 256);

    /// <summary>Writes an image as planes R, G, B of value / 255 x scale + offset.</summary>
    internal static void Fill(RgbImage image, Span<float> planes, float scale, float offset)
    {
        var area = image.Width * image.Height;
        for (var c = 0; c < 3; c++)
            for (var i = 0; i < area; i++) planes[(c * area) + i] = (image.Pixels[(3 * i) + c] / 255f * scale) + offset;
    }

    /// <summary>1 where the object has more than half of a pixel, else 0.</summary>
    internal static FloatMap Binary(FloatMap share, int width, int height)
    {
        var mask = new FloatMap(share.Width, share.Height, Array.ConvertAll(share.Values, s => s > 0.5f ? 1f : 0f));
        return Resampling.Resize(mask, width, height, ResamplingFilter.NearestStepped);
    }
}

/// <summary>
/// RainNet (Ling et al., CVPR 2021; the public export's contract): composite [n, 3, 256, 256] in -1..1 and mask [n, 1, 256, 256] of 0 and
/// 1 give the harmonized image in -1..1. The size is that of the model's inputs; images of another one get the difference that the model
/// makes, resized to theirs.
/// </summary>
internal sealed class RainNetForm(OnnxPort image, OnnxPort mask) : IHarmonizerForm
{
    /// <summary>The form's name.</summary>
    internal const string Word = "rainnet";

    /// <inheritdoc/>
    public string Name => Word;

    /// <inheritdoc/>
    public IReadOnlyList<IHarmonizerChange> Predict(OnnxSession session, IReadOnlyList<HarmonizerInput> inputs)
    {
        var (width, height) = PublicForms.SizeOf(image);
        var fixedBatch = image.Dimensions[0];
        var changes = new List<IHarmonizerChange>();
        foreach (var batch in inputs.Chunk(fixedBatch > 0 ? fixedBatch : inputs.Count))
        {
            // A model of a fixed batch gets the last object again and again.
            var rows = Math.Max(batch.Length, fixedBatch);
            var (pixels, masks) = (FloatTensor.Zeros(rows, 3, height, width), FloatTensor.Zeros(rows, 1, height, width));
            for (var i = 0; i < rows; i++)
            {
                var input = batch[Math.Min(i, batch.Length - 1)];
                var scaled = Resampling.Resize(input.Image, width, height, ResamplingFilter.AntialiasBicubic);
                PublicForms.Fill(scaled, pixels.Row(i), 2, -1);
                PublicForms.Binary(input.Share, width, height).Values.CopyTo(masks.Row(i));
            }

            var output = session.Run(
                new Dictionary<string, FloatTensor> { [image.Name] = pixels, [mask.Name] = masks },
                session.Outputs[0].Name
            )[0];
            RequireImage(session, output, pixels.Shape);
            for (var i = 0; i < batch.Length; i++)
                changes.Add(ImageChange.Between(pixels.Row(i), output.Row(i), width, height, 127.5f));
        }

        return changes;
    }

    internal static void RequireImage(OnnxSession session, FloatTensor output, IReadOnlyList<long> shape)
    {
        if (!output.Shape.SequenceEqual(shape))
            throw new FreeMaskException(
                $"{session.Path} gave [{string.Join(", ", output.Shape)}]; an image [{string.Join(", ", shape)}] is expected."
            );
        FiniteValues.RequireNumbers(output.Values, session.Path, "images");
    }
}

/// <summary>
/// PCT-Net (Guerreiro et al., CVPR 2023; the ViT export's contract): image and mask in low resolution [1, 3 or 1, 256, 256], and both as
/// they are, in 0..1, give the harmonized image as large as the second. One image a call, since images differ in size.
/// </summary>
internal sealed class PctNetForm((OnnxPort Image, OnnxPort Mask) low, (string Image, string Mask) full) : IHarmonizerForm
{
    /// <inheritdoc/>
    public string Name => "pct-net";

    /// <inheritdoc/>
    public IReadOnlyList<IHarmonizerChange> Predict(OnnxSession session, IReadOnlyList<HarmonizerInput> inputs) =>
        [.. inputs.Select(input => Predict(session, input))];

    private ImageChange Predict(OnnxSession session, HarmonizerInput input)
    {
        var (width, height) = PublicForms.SizeOf(low.Image);
        var (small, large) = (
            FloatTensor.Zeros(1, 3, height, width),
            FloatTensor.Zeros(1, 3, input.Image.Height, input.Image.Width)
        );
        PublicForms.Fill(Resampling.Resize(input.Image, width, height, ResamplingFilter.Bilinear), small.Values, 1, 0);
        PublicForms.Fill(input.Image, large.Values, 1, 0);
        var output = session.Run(
            new Dictionary<string, FloatTensor>
            {
                [low.Image.Name] = small,
                [low.Mask.Name] = new(Resampling.Resize(input.Share, width, height, ResamplingFilter.Bilinear).Values, 1, 1, height, width),
                [full.Image] = large,
                [full.Mask] = new(input.Share.Values, 1, 1, input.Image.Height, input.Image.Width),
            },
            session.Outputs[0].Name
        )[0];
        RainNetForm.RequireImage(session, output, large.Shape);
        return ImageChange.Between(large.Values, output.Values, input.Image.Width, input.Image.Height, 255);
    }
}

/// <summary>A change of every pixel, in levels, on a grid that is resized to the image.</summary>
internal sealed class ImageChange : IHarmonizerChange
{
    private readonly FloatMap[] _levels;

    private ImageChange(FloatMap[] levels) => _levels = levels;

    /// <summary>What a model changed.</summary>
    /// <param name="before">Planes R, G, B.</param>
    /// <param name="after">The same of the result.</param>
    /// <param name="width">Their width.</param>
    /// <param name="height">Their height.</param>
    /// <param name="levels">Levels of 0..255 in one unit.</param>
    internal static ImageChange Between(ReadOnlySpan<float> before, ReadOnlySpan<float> after, int width, int height, float levels)
    {
        var planes = new FloatMap[3];
        var area = width * height;
        for (var c = 0; c < 3; c++)
        {
            planes[c] = new FloatMap(width, height);
            for (var i = 0; i < area; i++) planes[c].Values[i] = levels * (after[(c * area) + i] - before[(c * area) + i]);
        }

        return new(planes);
    }

    /// <inheritdoc/>
    public HarmonizedObject Paint(RgbImage image, HarmonizerInput input, double strength)
    {
        var (width, height) = (image.Width, image.Height);
        var levels = Array.ConvertAll(_levels, plane => Resampling.Resize(plane, width, height, ResamplingFilter.Bilinear));
        var before = LabStatistics.Of(LabColor.FromRgb(input.Image), i => input.Share.Values[i] > 0.5f);
        for (var i = 0; i < input.Share.Values.Length; i++)
        {
            var share = input.Share.Values[i];
            if (share <= 0) continue;
            for (var c = 0; c < 3; c++)
            {
                var target = Math.Clamp(input.Image.Pixels[(3 * i) + c] + levels[c].Values[i], 0, 255) / 255.0;
                LabTransfer.Blend(image.Pixels, (3 * i) + c, target, share * strength);
            }
        }

        var after = LabStatistics.Of(LabColor.FromRgb(image), i => input.Share.Values[i] > 0.5f);
        return new HarmonizedObject(
            0,
            0,
            strength,
            after.Mean.L - before.Mean.L,
            after.Mean.A - before.Mean.A,
            after.Mean.B - before.Mean.B
        );
    }
}
