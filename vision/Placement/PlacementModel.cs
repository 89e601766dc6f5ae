using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Vision.Placement;

/// <summary>
/// A learned placement scorer in ONNX: one that <c>freemask train placement</c> wrote, a public export of FOPA, or the weights of a public
/// checkpoint. Scores all positions of an object at sixteen scales, the scales in batches. Thread-safe.
/// </summary>
internal sealed class PlacementModel : IPlacementScorer, IDisposable
{
    private const int ScaleCount = 16, PublicSide = 256;

    // Objects of a batch times pixels of an input; features of full width need 2 GB then.
    private const int MostPixels = 4 * PublicSide * PublicSide, LargestBatch = 16;

    private readonly OnnxSession _session;
    private readonly PlacementPorts _ports;

    private PlacementModel(OnnxSession session, PlacementPorts ports, string hash) =>
        (_session, _ports, Hash) = (session, ports, hash);

    /// <summary>The sha256 of the model's file.</summary>
    public string Hash { get; }

    /// <inheritdoc/>
    public CandidateSelection Selection => CandidateSelection.Best;

    /// <summary>FOPA's scales: i / 18 for i from 1 to 16.</summary>
    public IReadOnlyList<double> Scales => AllScales;

    /// <summary>The sizes that every model scores, as shares of the image.</summary>
    internal static IReadOnlyList<double> AllScales { get; } = [.. Enumerable.Range(1, ScaleCount).Select(i => i / (ScaleCount + 2.0))];

    /// <summary>Whether a folder holds a model: <c>model.onnx</c>, or the weights of a FOPA in <c>model.safetensors</c>.</summary>
    public static bool IsIn(string folder) => FileOf(folder) is not null;

    /// <summary>The sha256 of a folder's model, in lower-case hexadecimal digits.</summary>
    /// <exception cref="FreeMaskException">There is none.</exception>
    public static string HashOf(string folder) =>
        FileOf(folder) is { } path
            ? TrainedModelFolder.HashOf(File.ReadAllBytes(path))
            : throw new FreeMaskException(
                $"{folder} is no placement model: it has neither {ModelFileNames.Onnx} nor the {ModelFileNames.Weights} of a FOPA. "
                    + "'freemask train placement' makes one."
            );

    /// <summary>Opens a folder with <c>model.onnx</c>, and <c>config.json</c> if FreeMask trained it; or with <c>model.safetensors</c>, the
    /// weights of a FOPA under their public names.</summary>
    /// <exception cref="FreeMaskException">A file is missing or damaged, or the model has other inputs, outputs or sizes.</exception>
    public static PlacementModel Load(string folder, OnnxSessionOptions? options = null)
    {
        var hash = HashOf(folder);
        var path = FileOf(folder)!;
        if (Path.GetFileName(path) == ModelFileNames.Weights) return FromWeights(path, hash, options ?? new());
        if (PlacementConfig.Read(folder) is { } config && config.Sha256 != hash)
            throw new FreeMaskException(
                $"{path} is not the file that its {ModelFileNames.Config} names (its sha256 differs). Copy the folder again, or train anew."
            );
        return Of(OnnxSession.Load(path, options), hash);
    }

    /// <inheritdoc/>
    public PlacementScores Score(PlacementQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var (width, height) = (_ports.Width, _ports.Height);
        var background = new float[3 * width * height];
        PlacementInputs.Fill(PlacementInputs.Squash(query.Background, width, height), background);
        var maps = new List<FloatMap>();
        foreach (var sizes in query.Sizes.Chunk(BatchSize(query.Sizes.Count)))
        {
            // A model of a fixed batch gets the last object again and again.
            var rows = Math.Max(sizes.Length, _ports.FixedBatch);
            var (foregrounds, masks) = (FloatTensor.Zeros(rows, 3, height, width), FloatTensor.Zeros(rows, 1, height, width));
            for (var i = 0; i < rows; i++)
            {
                var size = sizes[Math.Min(i, sizes.Length - 1)];
                var (canvas, mask) = PlacementInputs.Canvas(
                    query.Foreground, size, (query.Background.Width, query.Background.Height), width, height);
                PlacementInputs.Fill(canvas, foregrounds.Row(i));
                mask.Values.CopyTo(masks.Row(i));
            }

            maps.AddRange(Run(background, foregrounds, masks).Take(sizes.Length));
        }

        return new(maps);
    }

    /// <summary>Runs the model once on a black object and background, which shows whether its output has the right form.</summary>
    /// <exception cref="FreeMaskException">It fails, or gives something else.</exception>
    public void Probe()
    {
        var (width, height, rows) = (_ports.Width, _ports.Height, Math.Max(1, _ports.FixedBatch));
        Run(new float[3 * width * height], FloatTensor.Zeros(rows, 3, height, width), FloatTensor.Zeros(rows, 1, height, width));
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static string? FileOf(string folder) =>
        new[] { ModelFileNames.Onnx, ModelFileNames.Weights }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static PlacementModel FromWeights(string path, string hash, OnnxSessionOptions options)
    {
        var weights = SafetensorsFile.Load(path);
        if (!FopaGraph.IsHere(weights))
            throw new FreeMaskException($"{path} holds no FOPA: it has no weight named fg_trans8.weight.");
        return Of(OnnxSession.FromBytes(FopaGraph.Write(weights, PublicSide, PublicSide), path, options), hash);
    }

    private static PlacementModel Of(OnnxSession session, string hash)
    {
        try
        {
            return new(session, PlacementPorts.Of(session, PublicSide), hash);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private int BatchSize(int scales) =>
        _ports.FixedBatch > 0
            ? _ports.FixedBatch
            : Math.Clamp(MostPixels / (_ports.Width * _ports.Height), 1, Math.Min(LargestBatch, Math.Max(1, scales)));

    /// <summary>The probability of "plausible" at each position, a map for each object.</summary>
    private IEnumerable<FloatMap> Run(float[] background, FloatTensor foregrounds, FloatTensor masks)
    {
        var (width, height, area) = (_ports.Width, _ports.Height, _ports.Width * _ports.Height);
        var rows = (int)foregrounds.Shape[0];
        var copies = _ports.IsBackgroundShared ? 1 : rows;
        var backgrounds = FloatTensor.Zeros(copies, 3, height, width);
        for (var i = 0; i < copies; i++) background.CopyTo(backgrounds.Row(i));
        var output = _session.Run(
            new Dictionary<string, FloatTensor>
            {
                [_ports.Background] = backgrounds,
                [_ports.Foreground] = foregrounds,
                [_ports.Mask] = masks,
            },
            _ports.Logits
        )[0];
        if (!output.Shape.SequenceEqual([rows, 2, height, width]))
            throw new FreeMaskException(
                $"{_session.Path} gave [{string.Join(", ", output.Shape)}] as {_ports.Logits}; two logits a position, "
                    + $"[{rows}, 2, {height}, {width}], are expected."
            );
        FiniteValues.RequireNumbers(output.Values, _session.Path, "scores");
        return Enumerable.Range(0, rows).Select(i =>
        {
            var logits = output.Row(i);
            var map = new FloatMap(width, height);
            for (var k = 0; k < area; k++) map.Values[k] = 1 / (1 + MathF.Exp(logits[k] - logits[area + k]));
            return map;
        });
    }
}
