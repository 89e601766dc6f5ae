using FreeMask.Files;

namespace FreeMask.Vision.Placement;

/// <summary>What a placement model of <c>freemask train placement</c> is: the <c>config.json</c> beside its <c>model.onnx</c>.</summary>
internal sealed record PlacementConfig
{
    /// <summary>The kind of model and the version of what it sees.</summary>
    public const string Kind = "freemask-placement-1";

    private const string Learned = "images.txt";

    /// <summary><see cref="Kind"/>.</summary>
    public string ModelType { get; init; } = Kind;

    /// <summary>Side of its inputs in pixels.</summary>
    public int Size { get; init; }

    /// <summary>Images that it learned from; <c>images.txt</c> names them.</summary>
    public int Images { get; init; }

    /// <summary>Rendered scenes that it learned from.</summary>
    public int Scenes { get; init; }

    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; }

    /// <summary>Names the initial weights and the samples.</summary>
    public ulong Seed { get; init; }

    /// <summary>The weights that it began with: <c>imagenet</c> or <c>none</c>.</summary>
    public string Init { get; init; } = "none";

    /// <summary>The sha256 of <c>model.onnx</c>, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>Reads the configuration of a folder; null where the folder has none.</summary>
    /// <exception cref="FreeMaskException">It is of another kind of model, or damaged.</exception>
    public static PlacementConfig? Read(string folder) =>
        TrainedModelFolder.Read<PlacementConfig>(folder, "a placement model", Kind, config => config.ModelType);

    /// <summary>The names of the images that the model of a folder learned from; none where nothing is known.</summary>
    public static IReadOnlySet<string> ImagesOf(string folder)
    {
        var path = Path.Combine(folder, Learned);
        return File.Exists(path) ? File.ReadLines(path).ToHashSet(StringComparer.Ordinal) : new HashSet<string>();
    }

    /// <summary>Writes a model's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The bytes of <c>model.onnx</c>.</param>
    /// <param name="images">The names of the images that it learned from; none of rendered scenes.</param>
    /// <returns>What was written, with the hash.</returns>
    public PlacementConfig Save(string folder, byte[] model, IReadOnlyList<string> images)
    {
        var written = this with { Sha256 = TrainedModelFolder.HashOf(model), Images = images.Count };
        Directory.CreateDirectory(folder);
        if (images.Count > 0) AtomicFile.Write(Path.Combine(folder, Learned), string.Concat(images.Select(name => name + "\n")));
        TrainedModelFolder.Write(folder, model, written);
        return written;
    }
}
