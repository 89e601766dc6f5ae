using FreeMask.Onnx;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace FreeMask.Vision.Tests.Onnx;

public sealed class OnnxGraphBuilderTests
{
    [Fact]
    public void A_built_model_runs()
    {
        var builder = new OnnxGraphBuilder();
        var x = builder.Input("x", OnnxGraphBuilder.Float, "n", 2);
        var weight = builder.Weight("w", [1, 2, 3, 4], 2, 2);
        var half = builder.HalfWeight("h", [0.5f, 0.25f], 2);
        builder.Output("y", builder.Op("Add", [builder.Op("MatMul", [x, weight]), half]), OnnxGraphBuilder.Float, "n", 2);

        using var session = new InferenceSession(builder.Build().ToByteArray());
        using var input = OrtValue.CreateTensorValueFromMemory(new float[] { 1, 1, 2, 0 }, [2, 2]);
        using var outputs = session.Run(new RunOptions(), ["x"], [input], ["y"]);
        Assert.Equal([4.5f, 6.25f, 2.5f, 4.25f], outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }
}
