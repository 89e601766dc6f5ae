using FreeMask.Diffusion.Pipelines;
using FreeMask.Onnx;

namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// Writes what lies between two calls of a U-Net as an ONNX model: guidance (<see cref="Guidance"/>), a sampler's step
/// (<see cref="SchedulerStep"/>) and the next input. Its sums are those of
/// <see cref="CpuSteps"/>, operation for operation, so that on the CPU both give the same bits.
/// </summary>
internal static class SchedulerStepGraph
{
    /// <summary>The U-Net's prediction, the text-free rows first where there is guidance.</summary>
    internal const string Prediction = "prediction";

    /// <summary>The latent before the step.</summary>
    internal const string Latent = "latent";

    /// <summary>Standard normal noise, or anything where its weight is 0.</summary>
    internal const string Noise = "noise";

    /// <summary>Eight weights in the order of <see cref="StepWeights.InOrder"/>.</summary>
    internal const string EstimateWeights = "estimate_weights", NextWeights = "next_weights";

    /// <summary>One number: the largest magnitude of the estimate.</summary>
    internal const string Limit = "limit";

    /// <summary>One number: the next step's <see cref="SchedulerStep.InputScale"/>.</summary>
    internal const string InputScale = "input_scale";

    /// <summary>Guidance scale and share of rescaling, [images, 1, 1, 1].</summary>
    internal const string Scale = "guidance", Rescale = "rescale";

    /// <summary>Outputs: prediction after guidance, estimate, latent after the step, input of the next call.</summary>
    internal const string Output = "output", Estimate = "estimate", Next = "next", Input = "input";

    /// <summary>Earlier vectors, newest first, or anything where their weights are 0.</summary>
    internal static readonly IReadOnlyList<string> History = ["newest", "second", "third"];

    private const int SumTerms = 8;

    /// <summary>The model's file.</summary>
    /// <param name="inputType">Element type of the U-Net's latent input.</param>
    /// <param name="predictionType">Element type of its prediction.</param>
    /// <param name="arithmetic">Element type of sums: double, or float where a provider has no double.</param>
    /// <param name="guided">Whether predictions come in two halves.</param>
    /// <param name="rescaled">Whether guided predictions are rescaled.</param>
    internal static byte[] Write(int inputType, int predictionType, int arithmetic, bool guided, bool rescaled)
    {
        var graph = new OnnxGraphBuilder();
        var prediction = graph.Input(Prediction, predictionType, Shape(guided ? "rows" : "images"));
        var latent = graph.Input(Latent, OnnxGraphBuilder.Float, Shape("images"));
        string[] memory = [.. History.Select(name => graph.Input(name, OnnxGraphBuilder.Float, Shape("images")))];
        var noise = graph.Input(Noise, OnnxGraphBuilder.Float, Shape("images"));
        var estimateWeights = Weights(graph, graph.Input(EstimateWeights, arithmetic, SumTerms));
        var nextWeights = Weights(graph, graph.Input(NextWeights, arithmetic, SumTerms));
        var limit = graph.Input(Limit, arithmetic, 1);
        var inputScale = graph.Input(InputScale, arithmetic, 1);

        var output = Cast(graph, prediction, OnnxGraphBuilder.Float);
        if (guided) output = Guided(graph, output, arithmetic, rescaled);
        string[] wide = [.. new[] { latent, output, memory[0], memory[1], memory[2], noise }.Select(v => Cast(graph, v, arithmetic))];
        var sum = Sum(graph, [estimateWeights[0], estimateWeights[1], .. estimateWeights[3..6]], wide[..5]);
        var clamped = graph.Op("Min", [graph.Op("Max", [sum, graph.Op("Neg", [limit])]), limit]);
        var estimate = Cast(graph, clamped, OnnxGraphBuilder.Float);
        string[] late = [.. new[] { estimate, graph.Op("Sub", [estimate, memory[0]]) }.Select(v => Cast(graph, v, arithmetic))];
        var next = Cast(
            graph,
            Sum(graph, nextWeights, [wide[0], wide[1], late[0], .. wide[2..5], late[1], wide[5]]),
            OnnxGraphBuilder.Float
        );
        var scaled = Cast(graph, graph.Op("Mul", [Cast(graph, next, arithmetic), inputScale]), OnnxGraphBuilder.Float);
        var input = Cast(graph, scaled, inputType);
        if (guided) input = graph.Op("Concat", [input, input], ("axis", 0));

        graph.Output(Output, output, OnnxGraphBuilder.Float, Shape("images"));
        graph.Output(Estimate, estimate, OnnxGraphBuilder.Float, Shape("images"));
        graph.Output(Next, next, OnnxGraphBuilder.Float, Shape("images"));
        graph.Output(Input, input, inputType, Shape(guided ? "rows" : "images"));
        return graph.ToBytes();
    }

    private static string Guided(OnnxGraphBuilder graph, string prediction, int arithmetic, bool rescaled)
    {
        var scale = graph.Input(Scale, OnnxGraphBuilder.Float, "images", 1, 1, 1);
        var halves = graph.Op("Split", [prediction], 2, ("axis", 0));
        var (unconditional, conditional) = (halves[0], halves[1]);
        var guided = graph.Op("Add", [unconditional, graph.Op("Mul", [scale, graph.Op("Sub", [conditional, unconditional])])]);
        if (!rescaled) return guided;
        var rescale = graph.Input(Rescale, arithmetic, "images", 1, 1, 1);
        // Both deviations divide by the same number of values, which leaves their ratio.
        var ratio = graph.Op("Sqrt", [graph.Op("Div", [Variance(graph, conditional, arithmetic), Variance(graph, guided, arithmetic)])]);
        var one = Cast(graph, graph.Scalar(1), arithmetic);
        var factor = graph.Op("Sub", [graph.Op("Add", [graph.Op("Mul", [rescale, ratio]), one]), rescale]);
        return Cast(graph, graph.Op("Mul", [Cast(graph, guided, arithmetic), factor]), OnnxGraphBuilder.Float);
    }

    /// <summary>Mean square distance from the mean, of each image.</summary>
    private static string Variance(OnnxGraphBuilder graph, string tensor, int arithmetic)
    {
        var axes = ("axes", (object)new long[] { 1, 2, 3 });
        var wide = Cast(graph, tensor, arithmetic);
        var distance = graph.Op("Sub", [wide, graph.Op("ReduceMean", [wide], axes)]);
        return graph.Op("ReduceMean", [graph.Op("Mul", [distance, distance])], axes);
    }

    private static string Sum(OnnxGraphBuilder graph, IReadOnlyList<string> weights, IReadOnlyList<string> vectors) =>
        weights.Zip(vectors, (weight, vector) => graph.Op("Mul", [weight, vector])).Aggregate((sum, term) => graph.Op("Add", [sum, term]));

    private static string[] Weights(OnnxGraphBuilder graph, string weights) => [.. graph.Op("Split", [weights], SumTerms, ("axis", 0))];

    private static string Cast(OnnxGraphBuilder graph, string tensor, int type) => graph.Op("Cast", [tensor], ("to", (long)type));

    private static object[] Shape(string first) => [first, "channels", "height", "width"];
}
