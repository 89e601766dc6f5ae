using FreeMask.Imaging;
using FreeMask.Training.Torch;
using FreeMask.Vision.Segmentation;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former.Conformance;

/// <summary>Tensor names, input preparation, every stage of the forward pass in evaluation mode, the bare sampling kernel, and what is made
/// of the answer.</summary>
internal sealed class ForwardComparison(SegmenterGolden golden, string folder, ConformanceRows rows)
{
    internal const string State = "tensor names and shapes";

    internal void Compare()
    {
        using var model = Mask2FormerModel.Load(folder);
        model.eval();
        if (!CompareState(model)) return;
        ComparePreprocessing();
        using (no_grad())
        {
            CompareScene(model, "a");
            CompareScene(model, "b");
            ComparePositions();
        }

        CompareKernel();
        CompareEmptyBatch(model);
    }

    private bool CompareState(Mask2FormerModel model)
    {
        var own = model.state_dict();
        var wanted = golden.Json.GetProperty("state_dict").EnumerateObject()
            .ToDictionary(p => p.Name, p => p.Value.EnumerateArray().Select(e => e.GetInt64()).ToArray(), StringComparer.Ordinal);
        var differing = own
            .Keys.Union(wanted.Keys, StringComparer.Ordinal)
            .Count(name =>
                !own.TryGetValue(name, out var tensor) || !wanted.TryGetValue(name, out var shape) || !tensor.shape.SequenceEqual(shape)
            );
        rows.Count(State, differing);
        return differing == 0;
    }

    private void ComparePreprocessing()
    {
        var path = Path.Combine(folder, SegmenterPreprocessing.FileName);
        for (var i = 0; golden.Has($"train.image.{i}"); i++)
        {
            var prepared = (SegmenterPreprocessing.Load(path) with { Resizes = false }).Prepare(ImageOf($"train.image.{i}"));
            rows.Number(
                $"normalization of image {i}",
                0,
                (golden.Batch[i] - tensor(prepared.Pixels, golden.Batch[i].shape)).abs().max().item<float>(),
                ConformanceRows.ForwardTolerance
            );
        }

        if (!golden.Has("preprocess.image")) return;
        var image = ImageOf("preprocess.image");
        var preprocessing = SegmenterPreprocessing.Load(path);
        foreach (var (name, settings) in new[] { ("no_resize", preprocessing with { Resizes = false }), ("resize", preprocessing) })
        {
            var prepared = settings.Prepare(image);
            var expected = golden[$"preprocess.{name}.pixel_values"];
            var pixels = tensor(prepared.Pixels, [1, 3, prepared.Height, prepared.Width]);

            // Resized bytes may differ by one level: versions of Pillow differ in the order of the two axes.
            if (settings.Resizes)
                rows.Values($"preprocessing {name}", expected, pixels, 1.01 / (255 * settings.Normalization.Deviation.Min()));
            else
                rows.Close($"preprocessing {name}", expected, pixels);
            rows.Count($"preprocessing {name} mask", golden[$"preprocess.{name}.pixel_mask"].ToInt64s().Count(v => v != 1));
        }
    }

    private RgbImage ImageOf(string name) => new((int)golden[name].Shape[1], (int)golden[name].Shape[0], golden[name].Bytes.ToArray());

    private void CompareScene(Mask2FormerModel model, string scene)
    {
        if (scene != "a" && !golden.Has($"{scene}.pixel_values")) return;
        var images = golden.Input(scene);
        var output = model.Run(images);
        void Close(string name, Tensor actual)
        {
            if (golden.Has($"{scene}.{name}")) rows.Close($"{scene} {name.Replace('_', ' ')}", golden[$"{scene}.{name}"], actual);
        }

        for (var i = 0; i < output.Features.Count; i++) Close($"backbone.{i}", output.Features[i]);
        CompareSampling(model, scene, output);
        for (var i = 0; i < output.Pixels.Scales.Count; i++) Close($"pixel_decoder.multi_scale.{i}", output.Pixels.Scales[i]);
        Close("pixel_decoder.mask_features", output.Pixels.MaskFeatures);
        for (var i = 0; i < output.Decoder.States.Count; i++) Close($"decoder.state.{i}", output.Decoder.States[i]);
        for (var i = 0; i < output.Decoder.Predictions.Count - 1; i++)
        {
            Close($"aux.{i}.class_queries_logits", output.Decoder.Predictions[i].Classes);
            Close($"aux.{i}.masks_queries_logits", output.Decoder.Predictions[i].Masks);
        }

        Close("class_queries_logits", output.Final.Classes);
        Close("masks_queries_logits", output.Final.Masks);
        var (classes, masks) = (output.Final.Classes, output.Final.Masks);
        var answers = QueryPrediction.FromBatch(
            ConformanceRows.Values(classes), ConformanceRows.Values(masks), (int)masks.shape[1], (int)masks.shape[3], (int)masks.shape[2]);
        new PostprocessingComparison(golden, scene, answers, ((int)images.shape[3], (int)images.shape[2]), rows).Compare();
    }

    /// <summary>The first deformable layer, first image.</summary>
    private void CompareSampling(Mask2FormerModel model, string scene, Mask2FormerOutput output)
    {
        if (!golden.Has($"{scene}.msda.output")) return;
        var (tokens, positions, reference, levels) = model.PixelDecoder.Tokens(output.Features);
        var trace = model.PixelDecoder.Layers[0].Attention.Trace(tokens, tokens.SafeAdd(positions), reference, levels);
        void Close(string name, Tensor actual)
        {
            var expected = golden[$"{scene}.msda.{name}"];
            rows.Close($"{scene} deformable {name.Replace('_', ' ')}", expected, actual.reshape([.. expected.Shape]));
        }

        Close("hidden_states", tokens[0]);
        Close("position_embeddings", positions);
        Close("reference_points", reference);
        Close("sampling_offsets", trace.Offsets[0]);
        Close("attention_weights", trace.Weights[0]);
        Close("output", trace.Output[0]);
    }

    private void ComparePositions()
    {
        foreach (var name in golden.Names.Where(name => name.StartsWith("position.", StringComparison.Ordinal)))
        {
            var shape = golden[name].Shape;
            var made = SinePositions.MakeTensor((int)shape[1], (int)shape[2], (int)shape[3], CPU);
            rows.Close(name.Replace('.', ' '), golden[name], made.view(shape[2], shape[3], shape[1]).permute(2, 0, 1).unsqueeze(0));
        }
    }

    private void CompareKernel()
    {
        if (!golden.Has("kernel.value")) return;
        using var scope = NewDisposeScope();
        var sizes = golden["kernel.spatial_shapes"].ToInt64s();
        var levels = Enumerable.Range(0, sizes.Length / 2).Select(i => (sizes[2 * i], sizes[(2 * i) + 1])).ToArray();
        string[] inputs = ["value", "sampling_locations", "attention_weights"];
        var (value, locations, weights) = (
            golden.Tensor("kernel.value"),
            golden.Tensor("kernel.sampling_locations"),
            golden.Tensor("kernel.attention_weights")
        );
        Tensor[] leaves = [value.requires_grad_(), locations.requires_grad_(), weights.requires_grad_()];
        var output = DeformableAttention.Sample(leaves[0], leaves[1], leaves[2], levels);
        rows.Close("sampling kernel output", golden["kernel.output"], output);
        (output * golden.Tensor("kernel.output_gradient")).sum().backward();
        for (var i = 0; i < inputs.Length; i++)
            rows.Close(
                $"sampling kernel gradient of {inputs[i].Replace('_', ' ')}",
                golden[$"kernel.{inputs[i]}_gradient"],
                leaves[i].grad!
            );
    }

    private void CompareEmptyBatch(Mask2FormerModel model)
    {
        if (
            !golden.Json.TryGetProperty("edge", out var edge)
            || !edge.TryGetProperty("batch_of_two_empty_images", out var empty)
            || !empty.TryGetProperty("loss", out var loss)
        )
            return;
        using var frozen = no_grad();
        var images = golden.Batch.narrow(0, 0, 2);
        var targets = new SegmentationTargets(
            zeros(2, 1, images.shape[2], images.shape[3]),
            [
                [],
                [],
            ],
            ones(2, images.shape[2], images.shape[3])
        );
        var output = model.Run(images).Decoder.Predictions;
        var total = new SetCriterion(model.Config, model.ClassWeights)
            .Compute(output, targets, PointSampling.Draw(model.Config, output.Count, targets, seed: 1, step: 0)).Total;
        rows.Number("loss of images without objects", loss.GetDouble(), total.item<float>(), 1e-4);
    }
}
