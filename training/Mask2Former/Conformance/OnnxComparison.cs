using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former.Conformance;

/// <summary>The exported model in ONNX Runtime against the reference, and its semantic maps against TorchSharp's.</summary>
internal sealed class OnnxComparison(SegmenterGolden golden, string folder, ConformanceRows rows)
{
    internal void Compare()
    {
        using var model = Mask2FormerModel.Load(folder);
        using var frozen = no_grad();
        model.eval();
        Compare(model, "a");
        if (golden.Has("b.pixel_values")) Compare(model, "b");
    }

    private void Compare(Mask2FormerModel model, string scene)
    {
        var images = golden.Input(scene);
        var (pictures, height, width) = (images.shape[0], (int)images.shape[2], (int)images.shape[3]);
        var file = Mask2FormerOnnx.Export(model, width, height);
        using var session = new InferenceSession(file);
        using var input = OrtValue.CreateTensorValueFromMemory(ConformanceRows.Values(images), images.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(
            options,
            [Mask2FormerOnnx.Input],
            [input],
            ["class_queries_logits", "masks_queries_logits", Mask2FormerOnnx.Scores]
        );
        Tensor Output(int index) =>
            tensor(outputs[index].GetTensorDataAsSpan<float>().ToArray(), outputs[index].GetTensorTypeAndShape().Shape);

        rows.Close($"{scene} ONNX class queries logits", golden[$"{scene}.class_queries_logits"], Output(0));
        rows.Close($"{scene} ONNX masks queries logits", golden[$"{scene}.masks_queries_logits"], Output(1));
        var (exported, own) = (Output(2), model.forward(images).SemanticScores(height, width));
        for (var i = 0; i < pictures; i++)
        {
            var (left, right) = (Maps(exported[i], width, height), Maps(own[i], width, height));
            var (expected, actual) = (QueryPostprocessing.Decide(right).Labels, QueryPostprocessing.Decide(left).Labels);
            rows.Number($"{scene} ONNX semantic scores {i}, against TorchSharp's", 0, (exported[i] - own[i]).abs().max().item<float>(),
                ConformanceRows.ForwardTolerance * ConformanceRows.Largest(ConformanceRows.Values(own[i])));
            rows.Count(
                $"{scene} ONNX semantic map {i}, against TorchSharp's",
                expected.Zip(actual, (a, b) => a == b ? 0 : 1).Sum(),
                NearTies(right)
            );
        }
    }

    private static FloatMap[] Maps(Tensor scores, int width, int height) =>
        [.. Enumerable.Range(0, (int)scores.shape[0]).Select(c => new FloatMap(width, height, ConformanceRows.Values(scores[c])))];

    /// <summary>Pixels whose two best scores differ by less than 0.1 % of the best.</summary>
    private static long NearTies(FloatMap[] scores)
    {
        var count = 0L;
        for (var i = 0; i < scores[0].Values.Length; i++)
        {
            var (best, second) = (float.NegativeInfinity, float.NegativeInfinity);
            foreach (var map in scores)
                if (map.Values[i] > best) (best, second) = (map.Values[i], best);
                else second = Math.Max(second, map.Values[i]);
            if (best - second < 1e-3 * best) count++;
        }

        return count;
    }
}
