using System.IO.Compression;
using FreeMask.Dashboard.Engines;
using FreeMask.Diffusion.Attention;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;
using FreeMask.Vision;
using Microsoft.Extensions.Caching.Memory;

namespace FreeMask.Dashboard.Services;

/// <summary>How an artifact of a sample is drawn.</summary>
internal enum ImageStyle
{
    /// <summary>The image, reduced, as JPEG.</summary>
    Image,

    /// <summary>A label map in colors, transparent where it is background, as PNG: to lie over an image.</summary>
    Overlay,

    /// <summary>A label map in colors on black, as PNG.</summary>
    Labels,

    /// <summary>A label map with the class as the value of each pixel, as grey PNG: to read classes from.</summary>
    Indices,
}

/// <summary>An image for a browser.</summary>
/// <param name="Bytes">The encoded image.</param>
/// <param name="Type">Its media type.</param>
internal sealed record EncodedImage(byte[] Bytes, string Type);

/// <summary>Draws artifacts of samples for browsers and keeps the results in memory, up to a limit.</summary>
internal sealed class SampleImages(IEngineSource source, RunFeed feed) : IDisposable
{
    /// <summary>The longest side that is drawn.</summary>
    internal const int MaximumSide = 2048;

    private const long MemoryLimit = 96L << 20;
    private const int Quality = 86;

    // A coarse map has no more to show.
    private const int LargestHeatMap = 512;

    // Drawing is work of the processor: more at a time would only take it from the run.
    private readonly SemaphoreSlim _drawing = new(2);
    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = MemoryLimit });

    /// <summary>The artifacts that are label maps; the other drawable ones are images.</summary>
    internal static bool IsLabelMap(string name) =>
        name is ArtifactNames.Label or ArtifactNames.CompositeLabel or ArtifactNames.Prediction or ArtifactNames.Instances
            or ArtifactNames.Pasted;

    /// <summary>Whether an artifact is stored as an image file.</summary>
    internal static bool IsImage(string name) =>
        IsLabelMap(name) || name is ArtifactNames.Image or ArtifactNames.CompositeImage or ArtifactNames.FinalImage;

    /// <summary>Whether an artifact can be drawn at all. Captured attention is drawn as the coarse map of its class.</summary>
    internal static bool IsDrawn(string name) => IsImage(name) || name == ArtifactNames.Attention;

    public void Dispose()
    {
        _cache.Dispose();
        _drawing.Dispose();
    }

    /// <summary>Draws an artifact of a sample; null if the sample has none of this name, or if it is lost.</summary>
    /// <param name="run">The run.</param>
    /// <param name="sample">The sample's record, which names the artifact.</param>
    /// <param name="name">Which artifact (<see cref="ArtifactNames"/>).</param>
    /// <param name="style">How.</param>
    /// <param name="side">The longest side in pixels; larger than the image leaves its size.</param>
    /// <param name="classes">The only classes that an overlay shows, as <see cref="LabelValues"/> writes them; null for all.</param>
    /// <param name="stop">Gives up.</param>
    internal async Task<EncodedImage?> DrawAsync(
        string run,
        SampleRecord sample,
        string name,
        ImageStyle style,
        int side,
        string? classes,
        CancellationToken stop
    )
    {
        if (!IsDrawn(name) || sample.Artifact(name) is not { } hash) return null;
        side = Math.Clamp(side, 16, MaximumSide);
        var spec = (await feed.FindAsync(run, stop))?.Spec;
        // Runs with other presets or label sets share artifacts, and draw them otherwise.
        var preset = name == ArtifactNames.Attention ? spec?.Mask.Preset : null;
        // Objects have no colors of their own, nor have shares of pasted pixels.
        var labelSet = IsLabelMap(name) && name is not (ArtifactNames.Instances or ArtifactNames.Pasted) ? spec?.LabelSet() : null;
        var key = (hash, style, side, preset, labelSet, classes);
        if (_cache.TryGetValue<EncodedImage>(key, out var known)) return known;
        await _drawing.WaitAsync(stop);
        try
        {
            if (await ReadAsync(run, sample, hash, stop) is not { } bytes) return null;
            var drawn = IsLabelMap(name) ? DrawLabels(bytes, name, style, side, LabelValues.Parse(classes), labelSet ?? LabelSet.Voc)
                : preset is not null ? DrawAttention(bytes, name, preset, side)
                : DrawImage(bytes, name, side);
            _cache.Set(key, drawn, new MemoryCacheEntryOptions { Size = drawn.Bytes.Length + 256 });
            return drawn;
        }
        finally
        {
            _drawing.Release();
        }
    }

    /// <summary>The bytes of an artifact of a sample, as stored; null if it has none of this name, or if it is lost.</summary>
    internal async Task<ReadOnlyMemory<byte>?> ReadAsync(string run, SampleRecord sample, string hash, CancellationToken stop)
    {
        var engine = source.Current ?? throw new FreeMaskException(source.Problem ?? "The runs are not open yet.");
        try
        {
            return await engine.ReadArtifactAsync(hash, stop);
        }
        catch (ArtifactLostException)
        {
            if (engine.IsReadOnly || !await engine.Run(run).RestoreArtifact(sample.Round, sample.Index, hash)) return null;
            return await engine.ReadArtifactAsync(hash, stop);
        }
    }

    private static EncodedImage DrawImage(ReadOnlyMemory<byte> bytes, string name, int side)
    {
        var image = ImageCodec.Decode(bytes.Span, name);
        var (width, height) = Fit(image.Width, image.Height, side);
        var small = (width, height) == (image.Width, image.Height)
            ? image
            : Resampling.Resize(image, width, height, ResamplingFilter.Area);
        return new EncodedImage(ImageCodec.EncodeJpeg(small, Quality), "image/jpeg");
    }

    /// <summary>The map that the mask was made from, before its refinement: a few cells a side, enlarged smoothly.</summary>
    private static EncodedImage DrawAttention(ReadOnlyMemory<byte> bytes, string name, string preset, int side)
    {
        var map = AttentionAggregator.Aggregate(AttentionRecord.FromBytes(bytes, name), AttentionPreset.ByName(preset))[0];
        var scale = Math.Min(side, LargestHeatMap) / (double)Math.Max(map.Width, map.Height);
        var large = Resampling.Resize(
            map,
            Math.Max(1, (int)Math.Round(map.Width * scale)),
            Math.Max(1, (int)Math.Round(map.Height * scale)),
            ResamplingFilter.Bilinear
        );
        return new EncodedImage(ImageCodec.EncodeJpeg(ImageOverlay.HeatMap(large), Quality), "image/jpeg");
    }

    /// <summary>Draws a label map in the colors of a label set.</summary>
    internal static EncodedImage DrawLabels(
        ReadOnlyMemory<byte> bytes,
        string name,
        ImageStyle style,
        int side,
        IReadOnlySet<byte>? classes,
        LabelSet labelSet
    )
    {
        var labels = IndexedPng.Decode(bytes.Span, name);
        var (width, height) = Fit(labels.Width, labels.Height, side);
        if (style != ImageStyle.Indices && (width, height) != (labels.Width, labels.Height))
            labels = Resampling.Resize(labels, width, height);
        return new EncodedImage(
            style switch
            {
                ImageStyle.Indices => IndexedPng.EncodeGrey(labels),
                ImageStyle.Overlay => Overlay(classes is null ? labels : Only(labels, classes), labelSet),
                _ => ImageCodec.EncodePng(
                    ImageOverlay.Draw(new RgbImage(labels.Width, labels.Height), labels, labelSet.Color, opacity: 1),
                    CompressionLevel.Fastest
                ),
            },
            "image/png"
        );
    }

    /// <summary>The labels of some classes; what belongs to others, or is undecided, is background.</summary>
    private static LabelMap Only(LabelMap labels, IReadOnlySet<byte> classes)
    {
        var kept = labels.Clone();
        for (var i = 0; i < kept.Labels.Length; i++)
            if (!classes.Contains(kept.Labels[i])) kept.Labels[i] = LabelMap.Background;
        return kept;
    }

    /// <summary>The colors of the classes, opaque; background transparent, 255 grey, outlines white.</summary>
    private static byte[] Overlay(LabelMap labels, LabelSet labelSet)
    {
        var colored = ImageOverlay.Draw(new RgbImage(labels.Width, labels.Height), labels, labelSet.Color, opacity: 1);
        var pixels = new byte[4 * labels.Labels.Length];
        for (var i = 0; i < labels.Labels.Length; i++)
        {
            if (labels.Labels[i] == LabelMap.Background) continue;
            colored.Pixels.AsSpan(3 * i, 3).CopyTo(pixels.AsSpan(4 * i));
            pixels[(4 * i) + 3] = 255;
        }

        return PngWriter.Rgba(labels.Width, labels.Height, pixels, CompressionLevel.Fastest);
    }

    private static (int Width, int Height) Fit(int width, int height, int side)
    {
        var scale = Math.Min(1, (double)side / Math.Max(width, height));
        return (Math.Max(1, (int)Math.Round(width * scale)), Math.Max(1, (int)Math.Round(height * scale)));
    }
}
