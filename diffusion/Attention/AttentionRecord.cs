using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Attention;

/// <summary>Cross-attention of one module, averaged over heads and passes.</summary>
/// <param name="Name">The module's path, or the node's name where the exporter left none.</param>
/// <param name="Part">Its part of the U-Net.</param>
/// <param name="Width">Grid width.</param>
/// <param name="Height">Grid height.</param>
/// <param name="Values">
/// One map a class, [classes + 1, height, width]: the mean probability over the class's tokens; the last map is the sum over all word
/// tokens (without start and end).
/// </param>
public sealed record CrossAttentionLayer(string Name, UNetPart Part, int Width, int Height, float[] Values)
{
    /// <summary>The map of a class; the index after the last class is the sum over all words.</summary>
    public ReadOnlySpan<float> Map(int index) => Values.AsSpan(index * Width * Height, Width * Height);
}

/// <summary>Self-attention of all modules of one grid, averaged over heads, modules and passes.</summary>
/// <param name="Width">Grid width.</param>
/// <param name="Height">Grid height.</param>
/// <param name="Values">[N, N] with N = width x height: row = the cell that attends, column = the cell attended to; rows sum to 1. Values
/// are rounded to half precision.</param>
public sealed record SelfAttentionGrid(int Width, int Height, float[] Values);

/// <summary>
/// What was captured while an image was drawn (or re-noised): small enough to be stored with the sample, complete enough for every
/// aggregation preset.
/// </summary>
public sealed class AttentionRecord
{
    private const string Format = "freemask-attention-1";

    /// <summary>Makes a record.</summary>
    public AttentionRecord(
        IReadOnlyList<string> classes,
        int latentWidth,
        int latentHeight,
        int passes,
        IReadOnlyList<CrossAttentionLayer> cross,
        IReadOnlyList<SelfAttentionGrid> self
    )
    {
        Classes = classes;
        LatentWidth = latentWidth;
        LatentHeight = latentHeight;
        Passes = passes;
        Cross = cross;
        Self = self;
    }

    /// <summary>The words whose attention was captured, in the request's order.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>Width of the latent.</summary>
    public int LatentWidth { get; }

    /// <summary>Height of the latent.</summary>
    public int LatentHeight { get; }

    /// <summary>Number of model calls averaged.</summary>
    public int Passes { get; }

    /// <summary>Cross-attention by module, in execution order.</summary>
    public IReadOnlyList<CrossAttentionLayer> Cross { get; }

    /// <summary>Self-attention by grid, largest first.</summary>
    public IReadOnlyList<SelfAttentionGrid> Self { get; }

    /// <summary>The record as a safetensors file: cross-attention in float32, self-attention in half precision.</summary>
    public byte[] ToBytes()
    {
        var tensors = new List<NamedTensor>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = Format,
            ["classes"] = JsonSerializer.Serialize(Classes),
            ["latent"] = string.Create(CultureInfo.InvariantCulture, $"{LatentWidth}x{LatentHeight}"),
            ["passes"] = Passes.ToString(CultureInfo.InvariantCulture),
        };
        for (var i = 0; i < Cross.Count; i++)
        {
            var layer = Cross[i];
            var name = Key("cross", i);
            tensors.Add(NamedTensor.FromSingles(name, [Classes.Count + 1, layer.Height, layer.Width], layer.Values));
            metadata[name] = $"{layer.Part}|{layer.Name}";
        }

        for (var i = 0; i < Self.Count; i++)
        {
            var (width, height, values) = Self[i];
            var halves = Array.ConvertAll(values, v => (Half)v);
            tensors.Add(new(Key("self", i), "F16", [height, width, height * width], MemoryMarshal.AsBytes(halves.AsSpan()).ToArray()));
        }

        using var stream = new MemoryStream();
        new SafetensorsFile(tensors, metadata).Write(stream);
        return stream.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="FreeMaskException">The bytes are no attention record; the message names <paramref name="origin"/>.</exception>
    public static AttentionRecord FromBytes(ReadOnlyMemory<byte> bytes, string origin)
    {
        var file = SafetensorsFile.Parse(bytes, origin);
        if (file.Metadata.GetValueOrDefault("format") != Format) throw new FreeMaskException($"{origin} is not an attention record.");
        var latent = Array.ConvertAll(file.Metadata["latent"].Split('x'), s => int.Parse(s, CultureInfo.InvariantCulture));
        var cross = new List<CrossAttentionLayer>();
        while (file.TryGet(Key("cross", cross.Count), out var tensor))
        {
            var label = file.Metadata[tensor!.Name].Split('|', 2);
            cross.Add(new(label[1], Enum.Parse<UNetPart>(label[0]), (int)tensor.Shape[2], (int)tensor.Shape[1], tensor.ToSingles()));
        }

        var self = new List<SelfAttentionGrid>();
        while (file.TryGet(Key("self", self.Count), out var tensor))
            self.Add(new((int)tensor!.Shape[1], (int)tensor.Shape[0], tensor.ToSingles()));
        var classes = JsonSerializer.Deserialize<string[]>(file.Metadata["classes"]) ?? [];
        return new(classes, latent[0], latent[1], int.Parse(file.Metadata["passes"], CultureInfo.InvariantCulture), cross, self);
    }

    private static string Key(string kind, int index) => string.Create(CultureInfo.InvariantCulture, $"{kind}.{index:000}");
}
