using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using FreeMask.Files;
using FreeMask.Json;
using FreeMask.Tensors;

namespace FreeMask.Vision.Affinity;

/// <summary>What an affinity model is and how it is used: the <c>config.json</c> beside its weights.</summary>
internal sealed record AffinityConfig
{
    /// <summary>The kind of model and the version of the features that it sees.</summary>
    public const string Kind = "freemask-affinity-1";

    /// <summary><see cref="Kind"/>.</summary>
    public string ModelType { get; init; } = Kind;

    /// <summary>Cells of the shorter side of the grid on which maps are refined.</summary>
    public int Side { get; init; } = 64;

    /// <summary>Pairs of cells are nearer than this.</summary>
    public int Radius { get; init; } = 5;

    /// <summary>Which cells may be the first of a pair.</summary>
    public PairSources Sources { get; init; } = PairSources.All;

    /// <summary>The power of affinities; DiffuMask's.</summary>
    public double Beta { get; init; } = 16;

    /// <summary>Steps of the walk.</summary>
    public int Steps { get; init; } = 256;

    /// <summary>Classes that have a head of their own; empty where one head serves all.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>The run whose coarse masks it learned from.</summary>
    public string Run { get; init; } = "";

    /// <summary>How many of them.</summary>
    public int Samples { get; init; }

    /// <summary>Optimizer steps of each head.</summary>
    public int TrainingSteps { get; init; }

    /// <summary>Names the initial weights and the batches.</summary>
    public ulong Seed { get; init; }

    /// <summary>The sha256 of <c>model.safetensors</c>, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; init; } = "";
}

/// <summary>Affinity heads and how they are used: a folder with <c>model.safetensors</c> and <c>config.json</c>.</summary>
internal sealed class AffinityModel
{
    /// <summary>The file of weights: the tensors of <see cref="AffinityHead"/> under <c>all.</c>, or under the name of each
    /// class.</summary>
    public const string WeightsFile = ModelFileNames.Weights;

    /// <summary>The file of <see cref="AffinityConfig"/>.</summary>
    public const string ConfigFile = ModelFileNames.Config;

    private const string Shared = "all";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly IReadOnlyDictionary<string, AffinityHead> _heads;

    private AffinityModel(AffinityConfig config, IReadOnlyDictionary<string, AffinityHead> heads) => (Config, _heads) = (config, heads);

    /// <summary>How it is used, and the hash of its weights.</summary>
    public AffinityConfig Config { get; }

    /// <summary>Reads a model.</summary>
    /// <exception cref="FreeMaskException">A file is missing, is not of such a model, or the weights are not those that the configuration
    /// names.</exception>
    public static AffinityModel Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var config = ReadConfig(folder);
        var path = Path.Combine(folder, WeightsFile);
        if (!File.Exists(path)) throw new FreeMaskException($"{folder} is no affinity model: it has no {WeightsFile}.");
        var bytes = File.ReadAllBytes(path);
        if (Hash(bytes) != config.Sha256)
            throw new FreeMaskException(
                $"{path} is not the file that its {ConfigFile} names (its sha256 differs). Copy the folder again, or train anew."
            );
        var file = SafetensorsFile.Parse(bytes, path);
        IReadOnlyList<string> names = config.Classes.Count > 0 ? config.Classes : [Shared];
        return new AffinityModel(
            config,
            names.ToDictionary(name => name, name => AffinityHead.FromTensors(file, name + "."), StringComparer.Ordinal)
        );
    }

    /// <summary>The configuration alone.</summary>
    /// <exception cref="FreeMaskException">The folder holds none of an affinity model.</exception>
    public static AffinityConfig ReadConfig(string folder)
    {
        var path = Path.Combine(folder, ConfigFile);
        if (!File.Exists(path))
            throw new FreeMaskException($"{folder} is no affinity model: it has no {ConfigFile}. Train one from a run's samples.");
        try
        {
            var config = JsonSerializer.Deserialize<AffinityConfig>(PythonJson.ReadFile(path), Json);
            if (config?.ModelType == AffinityConfig.Kind) return config;
        }
        catch (JsonException invalid)
        {
            throw new FreeMaskException($"{path} is not valid JSON of an affinity model.", invalid);
        }

        throw new FreeMaskException($"{path} is of another kind of model; '{AffinityConfig.Kind}' is expected.");
    }

    /// <summary>Writes a model.</summary>
    /// <param name="folder">The folder, made where it is absent.</param>
    /// <param name="config">How it is used; classes and hash are filled in.</param>
    /// <param name="heads">A head for each class, or one under null for all.</param>
    public static AffinityConfig Save(string folder, AffinityConfig config, IReadOnlyList<(string? Class, AffinityHead Head)> heads)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(heads);
        Directory.CreateDirectory(folder);
        using var bytes = new MemoryStream();
        var tensors = heads.SelectMany(h => h.Head.Tensors.Select(t => t with { Name = $"{h.Class ?? Shared}.{t.Name}" }));
        new SafetensorsFile(tensors, new Dictionary<string, string> { ["format"] = "pt" }).Write(bytes);
        var written = config with { Classes = [.. heads.Select(h => h.Class).OfType<string>()], Sha256 = Hash(bytes.ToArray()) };
        AtomicFile.Write(Path.Combine(folder, WeightsFile), bytes.ToArray());
        AtomicFile.Write(Path.Combine(folder, ConfigFile), (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(written, Json), (byte)'\n']);
        return written;
    }

    /// <summary>The head of a class: its own, or the one for all.</summary>
    /// <exception cref="FreeMaskException">The heads are of single classes, and this one has none.</exception>
    public AffinityHead Head(string className) =>
        _heads.TryGetValue(className, out var own) || _heads.TryGetValue(Shared, out own)
            ? own
            : throw new FreeMaskException(
                $"The affinity model of run '{Config.Run}' has no head for class '{className}', only for "
                    + $"{string.Join(", ", Config.Classes)}."
            );

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
