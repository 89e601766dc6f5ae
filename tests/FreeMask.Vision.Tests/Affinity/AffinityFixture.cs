using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Tensors;
using FreeMask.Vision.Affinity;

namespace FreeMask.Vision.Tests.Affinity;

/// <summary>One grid of the affinity fixture: its settings, and its tensors by their names without the grid's.</summary>
internal sealed class AffinityFixture
{
    private readonly SafetensorsFile _tensors = SafetensorsFile.Load(Fixtures.Path("affinity", "golden.safetensors"));
    private readonly JsonElement _golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("affinity", "golden.json"))).RootElement;
    private readonly string _grid;

    private AffinityFixture(string grid) => _grid = grid;

    internal JsonElement Spec => _golden.GetProperty("spec").GetProperty("grids").GetProperty(_grid);

    internal JsonElement Results => _golden.GetProperty(_grid);

    internal int Radius => Spec.GetProperty("radius").GetInt32();

    internal int Width => Spec.GetProperty("grid")[1].GetInt32();

    internal int Height => Spec.GetProperty("grid")[0].GetInt32();

    internal double[] Alphas => [.. Spec.GetProperty("alphas").EnumerateArray().Select(a => a.GetDouble())];

    internal double BackgroundAlpha => Spec.GetProperty("background_alpha").GetDouble();

    internal double[] Betas => [.. Spec.GetProperty("betas").EnumerateArray().Select(b => b.GetDouble())];

    internal int[] Steps => [.. Spec.GetProperty("log2_steps").EnumerateArray().Select(k => 1 << k.GetInt32())];

    internal FloatMap[] Cams =>
        [.. Enumerable.Range(0, Spec.GetProperty("classes").GetArrayLength()).Select(c => Golden.Map(this["cam"], c))];

    /// <summary>The channels of the walk: background, then the classes.</summary>
    internal FloatMap[] Scores => [ClassScores.Background(Cams, BackgroundAlpha), .. Cams];

    internal FeatureMap[] Features
    {
        get
        {
            var levels = new List<FeatureMap>();
            while (TryGet($"feature.{levels.Count}") is { } tensor) levels.Add(Map(tensor));
            return [.. levels];
        }
    }

    internal AffinityHead Head => AffinityHead.FromTensors(_tensors, _grid + ".head.");

    internal NamedTensor this[string name] => _tensors[$"{_grid}.{name}"];

    internal static IReadOnlyList<AffinityFixture> All
    {
        get
        {
            var golden = Golden.Json("affinity", "golden.json");
            return [.. golden.GetProperty("spec").GetProperty("grids").EnumerateObject().Select(grid => new AffinityFixture(grid.Name))];
        }
    }

    internal static FeatureMap Map(NamedTensor tensor) =>
        new((int)tensor.Shape[^3], (int)tensor.Shape[^1], (int)tensor.Shape[^2], tensor.ToSingles());

    internal NamedTensor? TryGet(string name) => _tensors.TryGet($"{_grid}.{name}", out var tensor) ? tensor : null;

    internal AffinityPairs Pairs(PairSources sources) => new(Width, Height, Radius, sources);
}
