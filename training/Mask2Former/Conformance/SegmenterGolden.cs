using System.Globalization;
using System.Text.Json;
using FreeMask.Json;
using FreeMask.Tensors;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former.Conformance;

/// <summary>
/// What the reference implementation computed for a Mask2Former: <c>golden.json</c> (scalars, matches, norms, settings) and
/// <c>golden.safetensors</c>
/// (inputs, every intermediate tensor, recorded random points, targets, gradients).
/// </summary>
internal sealed class SegmenterGolden
{
    private readonly SafetensorsFile _tensors;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private SegmenterGolden(SafetensorsFile tensors, JsonElement json) => (_tensors, Json) = (tensors, json);

    internal JsonElement Json { get; }

    /// <summary>Names of all tensors, in ordinal order.</summary>
    internal IEnumerable<string> Names => _tensors.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal);

    internal JsonElement Spec => Json.GetProperty("spec");

    /// <summary>The training batch.</summary>
    internal Tensor Batch => Tensor("train.pixel_values");

    /// <summary>Images of the training batch.</summary>
    internal int Images => (int)_tensors["train.pixel_values"].Shape[0];

    internal static SegmenterGolden Load(string folder)
    {
        var path = Path.Combine(folder, "golden.json");
        if (!File.Exists(path))
            throw new FreeMaskException($"{path} does not exist; a folder of golden data holds golden.json and golden.safetensors.");
        try
        {
            var json = JsonDocument.Parse(PythonJson.ReadFile(path)).RootElement;
            if (!json.TryGetProperty("spec", out _) || !json.TryGetProperty("state_dict", out _))
                throw new FreeMaskException($"{path} is no golden data of a Mask2Former: it has no spec or no state_dict.");
            return new(SafetensorsFile.Load(Path.Combine(folder, "golden.safetensors")), json);
        }
        catch (JsonException e)
        {
            throw new FreeMaskException($"{path} is not valid JSON: {e.Message}", e);
        }
    }

    internal bool Has(string name) => _tensors.TryGet(name, out _);

    /// <summary>Tensors that nothing has asked for yet.</summary>
    internal IReadOnlyList<string> Unread => [.. Names.Where(name => !_read.Contains(name))];

    internal NamedTensor this[string name]
    {
        get
        {
            _read.Add(name);
            return _tensors[name];
        }
    }

    internal Tensor Tensor(string name) => tensor(this[name].ToSingles(), [.. this[name].Shape]);

    /// <summary>The images of a case: <c>a</c> is a selection of the training batch, other cases store theirs.</summary>
    internal Tensor Input(string scene) =>
        scene == "a" ? Batch.index_select(0, tensor(this["a.rows"].ToInt64s())) : Tensor($"{scene}.pixel_values");

    /// <summary>What the predictions are called, in the order of the losses: the final one, then the auxiliary ones.</summary>
    internal static string[] Predictions(Mask2FormerConfig config) =>
        ["final", .. Enumerable.Range(0, config.DecoderLayers).Select(i => string.Create(CultureInfo.InvariantCulture, $"aux{i}"))];

    /// <summary>The targets of the training batch.</summary>
    /// <param name="ignoreAware">Whether pixels of label 255 count nowhere; the reference counts them as outside of every mask.</param>
    internal SegmentationTargets Targets(bool ignoreAware)
    {
        var batch = _tensors["train.pixel_values"].Shape;
        var classes = Enumerable.Range(0, Images)
            .Select(i => (IReadOnlyList<int>)[.. this[$"train.class_labels.{i}"].ToInt64s().Select(c => (int)c)]).ToArray();
        var masks = zeros(batch[0], Math.Max(1, classes.Max(c => c.Count)), batch[2], batch[3]);
        for (var i = 0; i < classes.Length; i++)
            if (this[$"train.mask_labels.{i}"].Count > 0) masks[i].narrow(0, 0, classes[i].Count).copy_(Tensor($"train.mask_labels.{i}"));
        var valid = ignoreAware
            ? Tensor("train.label_maps").ne(PinnedScalar.Of(255)).to_type(ScalarType.Float32)
            : ones(batch[0], batch[2], batch[3]);
        return new SegmentationTargets(masks, classes, valid);
    }

    /// <summary>The recorded random points of the training batch; every mode and every step used the same.</summary>
    internal PointSampling Points(Mask2FormerConfig config)
    {
        var predictions = Predictions(config);
        var matcher = predictions.SelectMany(p => Enumerable.Range(0, Images).Select(i => Tensor($"train.{p}.matcher_points.{i}")));
        return new PointSampling(
            stack([.. matcher]),
            cat([.. predictions.Select(p => Tensor($"train.{p}.oversample_points"))]),
            cat([.. predictions.Select(p => Tensor($"train.{p}.random_points"))]));
    }

    internal static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
