using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Vision.Segmentation;

/// <summary>What a segmenter sees in an image, at the image's size.</summary>
/// <param name="Labels">The most likely class of each pixel.</param>
/// <param name="Confidence">That class's probability (or score), 0..1.</param>
internal sealed record Segmentation(LabelMap Labels, FloatMap Confidence);

/// <summary>
/// Runs a semantic segmenter that is described by a <see cref="SegmenterCard"/>. Images of another size are resized to the model's,
/// and the class scores back to theirs (bilinearly), before the best class is taken; of equal scores the first class wins.
/// </summary>
internal sealed class OnnxSegmenter : IDisposable
{
    private const int LargestBatch = 16;

    // What exports of MaskFormer and Mask2Former call the answers of their queries.
    private const string QueryClasses = "class_queries_logits", QueryMasks = "masks_queries_logits";

    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();

    /// <summary>Opens a model.</summary>
    /// <param name="model">The bytes of an ONNX file.</param>
    /// <param name="card">What the model takes and gives.</param>
    /// <param name="threads">Threads of one run; 0 leaves the choice to the runtime.</param>
    /// <exception cref="FreeMaskException">The model cannot be loaded, or lacks the card's input or output.</exception>
    public OnnxSegmenter(byte[] model, SegmenterCard card, int threads = 0)
        : this(options => new InferenceSession(model, options), card, threads)
    {
    }

    private OnnxSegmenter(Func<SessionOptions, InferenceSession> open, SegmenterCard card, int threads)
    {
        ArgumentNullException.ThrowIfNull(card);
        Card = card;
        _ = OnnxRuntimeLibrary.Environment;
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        if (threads > 0) options.IntraOpNumThreads = threads;
        try
        {
            _session = open(options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new FreeMaskException($"The segmenter {card.Name} cannot be loaded: {e.Message}", e);
        }

        Require(_session.InputMetadata.Keys, card.InputName, "input");
        Require(_session.OutputMetadata.Keys, card.OutputName, "output");
    }

    /// <summary>What the model takes and gives.</summary>
    public SegmenterCard Card { get; }

    /// <summary>Opens <c>model.onnx</c> and <c>card.json</c> of a folder.</summary>
    /// <exception cref="FreeMaskException">A file is missing or does not fit.</exception>
    public static OnnxSegmenter Load(string folder, int threads = 0)
    {
        var card = SegmenterCard.Load(Path.Combine(folder, ModelFileNames.Card));
        var path = Path.Combine(folder, ModelFileNames.Onnx);
        if (!File.Exists(path)) throw new FreeMaskException($"{path} does not exist; a segmenter's folder holds model.onnx and card.json.");
        var graph = OnnxGraphReader.Read(path);
        ModelFiles.RequireWeights(graph);
        return new OnnxSegmenter(options => ExternalWeights.Open(graph, options, default), card, threads);
    }

    /// <summary>Segments one image.</summary>
    public Segmentation Segment(RgbImage image) => Segment([image])[0];

    /// <summary>Segments images, in batches where the model allows it.</summary>
    /// <exception cref="FreeMaskException">The model's output does not fit its card.</exception>
    public IReadOnlyList<Segmentation> Segment(IReadOnlyList<RgbImage> images, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        var fixedBatch = _session.InputMetadata[Card.InputName].Dimensions[0];
        var results = new List<Segmentation>(images.Count);
        foreach (var batch in images.Chunk(fixedBatch > 0 ? fixedBatch : LargestBatch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            // A model of a fixed batch gets the last image again and again.
            Run([.. batch, .. Enumerable.Repeat(batch[^1], Math.Max(0, fixedBatch - batch.Length))], batch.Length, results);
        }

        return results;
    }

    /// <summary>Whether the model tells what each of its queries sees, and not only the classes of pixels.</summary>
    public bool HasQueries => _session.OutputMetadata.ContainsKey(QueryClasses) && _session.OutputMetadata.ContainsKey(QueryMasks);

    /// <summary>What each query sees in an image, from which <see cref="QueryPostprocessing"/> makes objects and panoptic
    /// segments.</summary>
    /// <exception cref="FreeMaskException">The model does not tell (<see cref="HasQueries"/>).</exception>
    public QueryPrediction Query(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (!HasQueries)
            throw new FreeMaskException(
                $"The segmenter {Card.Name} has no outputs {QueryClasses} and {QueryMasks}; it gives classes of pixels alone."
            );
        var pixels = new float[3 * Card.Width * Card.Height];
        Fill(image, pixels);
        using var input = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, Card.Height, Card.Width]);
        using var outputs = _session.Run(_options, [Card.InputName], [input], [QueryClasses, QueryMasks]);
        var shape = outputs[1].GetTensorTypeAndShape().Shape;
        foreach (var output in outputs)
            FiniteValues.RequireNumbers(output.GetTensorDataAsSpan<float>(), $"The segmenter {Card.Name}", "scores");
        return QueryPrediction.FromBatch(
            outputs[0].GetTensorDataAsSpan<float>(),
            outputs[1].GetTensorDataAsSpan<float>(),
            (int)shape[1],
            (int)shape[3],
            (int)shape[2]
        )[0];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
    }

    private void Run(RgbImage[] images, int wanted, List<Segmentation> results)
    {
        var length = 3 * Card.Width * Card.Height;
        var pixels = new float[images.Length * length];
        for (var i = 0; i < images.Length; i++) Fill(images[i], pixels.AsSpan(i * length, length));
        using var input = OrtValue.CreateTensorValueFromMemory(pixels, [images.Length, 3, Card.Height, Card.Width]);
        using var outputs = _session.Run(_options, [Card.InputName], [input], [Card.OutputName]);
        var shape = outputs[0].GetTensorTypeAndShape().Shape;
        if (shape.Length != 4 || shape[0] != images.Length || shape[1] != Card.Classes.Count)
            throw new FreeMaskException(
                $"The segmenter {Card.Name} gave [{string.Join(", ", shape)}]; its card promises [{images.Length}, {Card.Classes.Count}, "
                    + "height, width]."
            );
        var scores = outputs[0].GetTensorDataAsSpan<float>();
        FiniteValues.RequireNumbers(scores, $"The segmenter {Card.Name}", "scores");
        var size = (int)(shape[1] * shape[2] * shape[3]);
        for (var i = 0; i < wanted; i++)
            results.Add(ScoreMaps.Decide(
                scores.Slice(i * size, size), (int)shape[1], (int)shape[3], (int)shape[2], images[i].Width, images[i].Height, Card.Output));
    }

    private void Fill(RgbImage image, Span<float> target)
    {
        var scaled = image.Width == Card.Width && image.Height == Card.Height
            ? image
            : Resampling.Resize(image, Card.Width, Card.Height, ResamplingFilter.Antialias);
        var area = Card.Width * Card.Height;
        for (var channel = 0; channel < 3; channel++)
        {
            var source = Card.BlueFirst ? 2 - channel : channel;
            for (var p = 0; p < area; p++)
                target[(channel * area) + p] = Card.Normalization.Apply(scaled.Pixels[(3 * p) + source], channel);
        }
    }

    private void Require(IEnumerable<string> names, string wanted, string kind)
    {
        if (names.Contains(wanted)) return;
        _session.Dispose();
        throw new FreeMaskException($"The segmenter {Card.Name} has no {kind} named '{wanted}'; it has {string.Join(", ", names)}.");
    }
}
