using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Tensors;
using FreeMask.Vision.Tests;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class Mask2FormerOnnxTests
{
    [Fact]
    public void The_exported_model_equals_the_reference()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var golden = SafetensorsFile.Load(Fixtures.Path("mask2former", "resnet", "golden.safetensors"));
        var model = Mask2FormerModel.Load(Fixtures.Path("mask2former", "resnet"));
        using var session = new InferenceSession(Mask2FormerOnnx.Export(model, 96, 64));
        using var input = OrtValue.CreateTensorValueFromMemory(
            Golden.Input(golden, "a").contiguous().data<float>().ToArray(), [2, 3, 64, 96]);
        using var outputs = session.Run(
            new RunOptions(), ["pixel_values"], [input], ["class_queries_logits", "masks_queries_logits", "semantic_scores"]);

        Golden.AssertClose(golden["a.class_queries_logits"], tensor(outputs[0].GetTensorDataAsSpan<float>().ToArray(), [2, 8, 5]));
        Golden.AssertClose(golden["a.masks_queries_logits"], tensor(outputs[1].GetTensorDataAsSpan<float>().ToArray(), [2, 8, 16, 24]));
        var scores = tensor(outputs[2].GetTensorDataAsSpan<float>().ToArray(), [2, 4, 64, 96]);
        Assert.Equal(golden["a.post.direct.0"].ToInt64s(), scores[0].argmax(0).data<long>().ToArray());
    }
}
