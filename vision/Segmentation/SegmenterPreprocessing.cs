using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Json;

namespace FreeMask.Vision.Segmentation;

/// <summary>An image as a model takes it.</summary>
/// <param name="Pixels">Normalized values [3, height, width].</param>
/// <param name="Width">Width in pixels.</param>
/// <param name="Height">Height in pixels.</param>
internal sealed record PreparedImage(float[] Pixels, int Width, int Height);

/// <summary>
/// How an image becomes a segmenter's input, in the terms of transformers' <c>Mask2FormerImageProcessor</c> and its file
/// <c>preprocessor_config.json</c>.
/// </summary>
internal sealed record SegmenterPreprocessing
{
    /// <summary>The file's name.</summary>
    public const string FileName = ModelFileNames.Preprocessor;

    private const int BilinearFilter = 2;

    /// <summary>Whether images are resized.</summary>
    public bool Resizes { get; init; } = true;

    /// <summary>Length of the shorter side; null where <see cref="FixedSize"/> counts.</summary>
    public int? ShortestEdge { get; init; }

    /// <summary>Largest length of the longer side; null for no limit.</summary>
    public int? LongestEdge { get; init; }

    /// <summary>A size that every image is brought to, whatever its shape; null where <see cref="ShortestEdge"/> counts.</summary>
    public (int Width, int Height)? FixedSize { get; init; }

    /// <summary>Both sides are rounded up to a multiple of it; 0 for none.</summary>
    public int Divisor { get; init; } = 32;

    /// <summary>Mean and deviation.</summary>
    public ImageNormalization Normalization { get; init; } = ImageNormalization.ImageNet;

    /// <summary>Number of classes.</summary>
    public int Labels { get; init; }

    /// <summary>What goes with a model that FreeMask trained: the shorter side as in training.</summary>
    public static SegmenterPreprocessing Of(SegmenterCard card)
    {
        ArgumentNullException.ThrowIfNull(card);
        const int LongestFactor = 4;
        return new() { ShortestEdge = card.Height, LongestEdge = LongestFactor * card.Height, Labels = card.Classes.Count };
    }

    /// <summary>Reads a <c>preprocessor_config.json</c>.</summary>
    /// <exception cref="FreeMaskException">The file is missing, or asks for something that is not supported.</exception>
    public static SegmenterPreprocessing Load(string path)
    {
        if (!File.Exists(path)) throw new FreeMaskException($"{path} does not exist.");
        try
        {
            var json = JsonNode.Parse(PythonJson.ReadFile(path)) as JsonObject ?? throw new JsonException("it is not an object");
            var size = json["size"] as JsonObject;
            var resizes = Flag(json, "do_resize");
            if (resizes && (Number(json, "resample") ?? BilinearFilter) != BilinearFilter)
                throw new FreeMaskException($"{path}: resample is {json["resample"]}; only {BilinearFilter} (bilinear) is supported.");
            if (resizes && size is null)
                throw new FreeMaskException(
                    $"{path} has no size object; write {{\"shortest_edge\": N, \"longest_edge\": N}} or {{\"height\": N, \"width\": N}}."
                );
            return new SegmenterPreprocessing
            {
                Resizes = resizes,
                ShortestEdge = Number(size, "shortest_edge"),
                LongestEdge = Number(size, "longest_edge"),
                FixedSize = Number(size, "height") is { } height && Number(size, "width") is { } width ? (width, height) : null,
                Divisor = Number(json, "size_divisor") ?? Number(json, "size_divisibility") ?? 0,
                Normalization = Flag(json, "do_normalize")
                    ? new ImageNormalization(
                        Triple(json, "image_mean") ?? ImageNormalization.ImageNet.Mean,
                        Triple(json, "image_std") ?? ImageNormalization.ImageNet.Deviation
                    )
                    : new ImageNormalization([0, 0, 0], [1, 1, 1]),
                Labels = Number(json, "num_labels") ?? 0,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new FreeMaskException($"{path} is not a preprocessor's configuration: {e.Message}", e);
        }
    }

    /// <summary>The text of a <c>preprocessor_config.json</c>.</summary>
    public string ToJson()
    {
        var size = FixedSize is { } fixedSize
            ? new JsonObject { ["height"] = fixedSize.Height, ["width"] = fixedSize.Width }
            : new JsonObject { ["longest_edge"] = LongestEdge, ["shortest_edge"] = ShortestEdge };
        return new JsonObject
        {
            ["do_normalize"] = true,
            ["do_reduce_labels"] = false,
            ["do_rescale"] = true,
            ["do_resize"] = Resizes,
            ["ignore_index"] = (int)LabelMap.Ignore,
            ["image_mean"] = Array(Normalization.Mean),
            ["image_processor_type"] = "Mask2FormerImageProcessor",
            ["image_std"] = Array(Normalization.Deviation),
            ["num_labels"] = Labels,
            ["resample"] = BilinearFilter,
            ["rescale_factor"] = 1.0 / 255,
            ["size"] = size,
            ["size_divisor"] = Divisor,
        }.ToJsonString(JsonFormats.IndentedAscii) + "\n";
    }

    /// <summary>The size to which an image is brought.</summary>
    public (int Width, int Height) SizeOf(int width, int height)
    {
        if (!Resizes) return (width, height);
        var (w, h) = FixedSize ?? Scaled(width, height);
        return Divisor > 0 ? (RoundUp(w), RoundUp(h)) : (w, h);
    }

    /// <summary>Resizes as Pillow does, and normalizes.</summary>
    public PreparedImage Prepare(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var (width, height) = SizeOf(image.Width, image.Height);
        var scaled = (width, height) == (image.Width, image.Height) ? image : PillowBilinear.Resize(image, width, height);
        var area = width * height;
        var pixels = new float[3 * area];
        for (var channel = 0; channel < 3; channel++)
            for (var p = 0; p < area; p++) pixels[(channel * area) + p] = Normalization.Apply(scaled.Pixels[(3 * p) + channel], channel);
        return new PreparedImage(pixels, width, height);
    }

    /// <summary>The shorter side becomes <see cref="ShortestEdge"/>; lengths are rounded down.</summary>
    private (int Width, int Height) Scaled(int width, int height)
    {
        if (ShortestEdge is not { } shortest) return (width, height);
        var (narrow, wide) = (Math.Min(width, height), Math.Max(width, height));
        var (newNarrow, newWide) = (shortest, (int)((double)shortest * wide / narrow));
        if (LongestEdge is { } longest && newWide > longest) (newNarrow, newWide) = ((int)((double)longest * newNarrow / newWide), longest);
        return width <= height ? (newNarrow, newWide) : (newWide, newNarrow);
    }

    private int RoundUp(int value) => (value + Divisor - 1) / Divisor * Divisor;

    private static bool Flag(JsonObject json, string name) => json[name]?.GetValue<bool>() ?? true;

    private static int? Number(JsonObject? json, string name) => json?[name]?.GetValue<int>();

    private static float[]? Triple(JsonObject json, string name) =>
        json[name] is JsonArray { Count: 3 } array ? [.. array.Select(v => v!.GetValue<float>())] : null;

    private static JsonArray Array(IReadOnlyList<float> values) => new([.. values.Select(v => (JsonNode?)Math.Round((double)v, 6))]);
}
