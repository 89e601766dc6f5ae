using FreeMask.Imaging;
using FreeMask.Json;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Models;

/// <summary>
/// The autoencoder: latents in the U-Net's scale to pixels and back. image = decode(latent / scaling_factor + shift_factor), pixel =
/// round(255 clamp(x / 2 + 1/2)) with halves to even (diffusers, image_processor.py). Images are decoded one at a time.
/// </summary>
internal sealed class LatentCodec : IDisposable
{
    private readonly OnnxSession _decoder;
    private readonly OnnxSession? _encoder;
    private readonly string _folder;
    private readonly float _scale, _shift;

    private LatentCodec(string folder, OnnxSession decoder, OnnxSession? encoder, double scale, double shift, int pixelsPerCell)
    {
        _folder = folder;
        _decoder = decoder;
        _encoder = encoder;
        (_scale, _shift) = ((float)scale, (float)shift);
        PixelsPerCell = pixelsPerCell;
    }

    internal int PixelsPerCell { get; }

    internal double ScalingFactor => _scale;

    internal bool HasEncoder => _encoder is not null;

    /// <summary>The side in pixels that the autoencoder's configuration states.</summary>
    internal int? SampleSize { get; private init; }

    internal static LatentCodec Load(string folder, OnnxSessionOptions options, double usualScale, List<string> notes)
    {
        var path = DiffusionFolder.Graph(folder, DiffusionFolder.VaeDecoder);
        var graph = OnnxGraphReader.Read(path);
        using var config =
            JsonFile.ReadIfThere(DiffusionFolder.Config(folder, DiffusionFolder.VaeDecoder))
            ?? JsonFile.ReadIfThere(DiffusionFolder.SharedVaeConfig(folder));
        var scale = config?.RootElement.Number("scaling_factor");
        if (scale is null) notes.Add($"{folder} states no VAE scaling factor; {usualScale} is used, that of the model's family.");
        var shift = config?.RootElement.Number("shift_factor") ?? 0;
        var cell = PixelsPerCellOf(graph);
        var encoder = DiffusionFolder.Graph(folder, DiffusionFolder.VaeEncoder);
        var decoder = OnnxSession.Load(path, options);
        try
        {
            return new(folder, decoder, File.Exists(encoder) ? OnnxSession.Load(encoder, options) : null, scale ?? usualScale, shift, cell)
            {
                SampleSize = (int?)config?.RootElement.Number("sample_size"),
            };
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }

    /// <summary>Pixels that a latent cell spans.</summary>
    /// <exception cref="FreeMaskException">The graph does not show it.</exception>
    internal static int PixelsPerCellOf(OnnxGraph decoder)
    {
        var input = decoder.Inputs[0].Name;
        var factor =
            new SpatialFactors(decoder, input).Of(decoder.Outputs[0].Name)
            ?? throw new FreeMaskException($"{decoder.Path}: its output does not descend from its input {input}.");
        return (int)Math.Round(1 / factor);
    }

    /// <summary>Decodes one latent [channels, height, width].</summary>
    internal RgbImage Decode(ReadOnlySpan<float> latent, int channels, int height, int width)
    {
        var input = FloatTensor.Zeros(1, channels, height, width);
        for (var i = 0; i < latent.Length; i++) input.Values[i] = (latent[i] / _scale) + _shift;
        var output = Run(_decoder, input);
        FiniteValues.Require(output.Values, _decoder.Path, "pixels");
        return ToImage(output);
    }

    /// <summary>The mean of an image's latent distribution, in the U-Net's scale: [1, channels, height, width].</summary>
    /// <exception cref="FreeMaskException">The bundle has no encoder, or the image's sides are not multiples of a cell.</exception>
    internal FloatTensor Encode(RgbImage image, int channels)
    {
        var encoder = _encoder ?? throw new FreeMaskException($"{_folder} has no vae_encoder, which is needed to start from an image.");
        if (image.Width % PixelsPerCell != 0 || image.Height % PixelsPerCell != 0)
            throw new FreeMaskException(
                $"An image of {image.Width} x {image.Height} pixels cannot be encoded: its sides must be multiples of {PixelsPerCell}."
            );
        var input = FloatTensor.Zeros(1, 3, image.Height, image.Width);
        var area = image.Width * image.Height;
        for (var i = 0; i < area; i++)
            for (var c = 0; c < 3; c++) input.Values[(c * area) + i] = (image.Pixels[(3 * i) + c] / 127.5f) - 1;
        var output = Run(encoder, input);
        FiniteValues.Require(output.Values, encoder.Path, "latents");
        // latent_parameters hold mean and log-variance; latent_sample is a sample already.
        var size = channels * (int)(output.Shape[2] * output.Shape[3]);
        var latent = new float[size];
        for (var i = 0; i < size; i++) latent[i] = (output.Values[i] - _shift) * _scale;
        return new(latent, 1, channels, output.Shape[2], output.Shape[3]);
    }

    public void Dispose()
    {
        _decoder.Dispose();
        _encoder?.Dispose();
    }

    /// <summary>Checks that the decoder can take what an export of fixed sides gives.</summary>
    /// <exception cref="FreeMaskException">Its own fixed sides differ.</exception>
    internal void RequireSides(int? width, int? height, string unet)
    {
        var sides = _decoder.Inputs.First().Dimensions;
        if (sides.Count != 4) return;
        if ((width is { } w && sides[3] > 0 && sides[3] != w) || (height is { } h && sides[2] > 0 && sides[2] != h))
            throw new FreeMaskException(
                $"{unet} is fixed to latents of {width} x {height} cells, but {_decoder.Path} to {sides[3]} x {sides[2]}: they are parts "
                    + "of different exports."
            );
    }

    /// <summary>Runs a model on one image. A model of a fixed batch gets it as often as it wants; the first result counts.</summary>
    private static FloatTensor Run(OnnxSession model, FloatTensor input)
    {
        var port = model.Inputs.First();
        if (port.Rank > 0 && port.Dimensions[0] > 1) input = input.RowsFrom(0, port.Dimensions[0]);
        return model.Run(new Dictionary<string, FloatTensor> { [port.Name] = input }, model.Outputs[0].Name)[0];
    }

    private static RgbImage ToImage(FloatTensor output)
    {
        var (height, width) = ((int)output.Shape[2], (int)output.Shape[3]);
        var image = new RgbImage(width, height);
        var area = width * height;
        for (var i = 0; i < area; i++)
            for (var c = 0; c < 3; c++)
            {
                var value = Math.Clamp((output.Values[(c * area) + i] / 2) + 0.5f, 0, 1);
                image.Pixels[(3 * i) + c] = (byte)MathF.Round(value * 255, MidpointRounding.ToEven);
            }

        return image;
    }
}
