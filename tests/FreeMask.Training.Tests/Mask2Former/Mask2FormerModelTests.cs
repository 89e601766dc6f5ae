using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Tensors;
using FreeMask.Vision.Tests;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class Mask2FormerModelTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    public void Every_stage_equals_the_reference(string scene)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var golden = SafetensorsFile.Load(Fixtures.Path("mask2former", "resnet", "golden.safetensors"));
        var model = Mask2FormerModel.Load(Fixtures.Path("mask2former", "resnet"));
        model.eval();

        var output = model.Run(Golden.Input(golden, scene));
        Golden.AssertClose(golden[$"{scene}.pixel_decoder.mask_features"], output.Pixels.MaskFeatures);
        Golden.AssertClose(golden[$"{scene}.class_queries_logits"], output.Final.Classes);
        Golden.AssertClose(golden[$"{scene}.masks_queries_logits"], output.Final.Masks);
        if (scene != "a") return;
        for (var i = 0; i < 3; i++)
        {
            Golden.AssertClose(golden[$"a.pixel_decoder.multi_scale.{i}"], output.Pixels.Scales[i]);
            Golden.AssertClose(golden[$"a.decoder.state.{i + 1}"], output.Decoder.States[i + 1]);
            Golden.AssertClose(golden[$"a.aux.{i}.class_queries_logits"], output.Decoder.Predictions[i].Classes);
            Golden.AssertClose(golden[$"a.aux.{i}.masks_queries_logits"], output.Decoder.Predictions[i].Masks);
        }
    }

    [Fact]
    public void Semantic_scores_equal_the_reference()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var golden = SafetensorsFile.Load(Fixtures.Path("mask2former", "resnet", "golden.safetensors"));
        var outputs = new Mask2FormerOutputs(
            Golden.Tensor(golden["a.class_queries_logits"]), Golden.Tensor(golden["a.masks_queries_logits"]));
        var scores = outputs.SemanticScores(64, 96);

        Assert.Equal(golden["a.post.direct.0"].ToInt64s(), scores[0].argmax(0).data<long>().ToArray());
        var resized = nn.functional.interpolate(scores[1].unsqueeze(0), size: [75, 101], mode: InterpolationMode.Bilinear, align_corners: false)[0];
        Golden.AssertClose(golden["a.post.direct_scores.1"], resized);
        Assert.Equal(golden["a.post.direct.1"].ToInt64s(), resized.argmax(0).data<long>().ToArray());
    }

    [Fact]
    public void The_sampling_kernel_equals_the_reference_with_its_gradients()
    {
        using var scope = NewDisposeScope();
        var golden = SafetensorsFile.Load(Fixtures.Path("mask2former", "resnet", "golden.safetensors"));
        var value = Golden.Tensor(golden["kernel.value"]).requires_grad_();
        var locations = Golden.Tensor(golden["kernel.sampling_locations"]).requires_grad_();
        var weights = Golden.Tensor(golden["kernel.attention_weights"]).requires_grad_();
        var sizes = golden["kernel.spatial_shapes"].ToInt64s();
        var levels = Enumerable.Range(0, 3).Select(i => (sizes[2 * i], sizes[(2 * i) + 1])).ToArray();

        var output = DeformableAttention.Sample(value, locations, weights, levels);
        Golden.AssertClose(golden["kernel.output"], output);
        (output * Golden.Tensor(golden["kernel.output_gradient"])).sum().backward();
        Golden.AssertClose(golden["kernel.value_gradient"], value.grad!);
        Golden.AssertClose(golden["kernel.sampling_locations_gradient"], locations.grad!);
        Golden.AssertClose(golden["kernel.attention_weights_gradient"], weights.grad!);
    }

    [Fact]
    public void A_saved_model_is_the_same_set_of_tensors()
    {
        var folder = Directory.CreateTempSubdirectory("freemask-m2f").FullName;
        var source = Fixtures.Path("mask2former", "resnet");
        Mask2FormerModel.Load(source).Save(folder);

        var before = SafetensorsFile.Load(Path.Combine(source, "model.safetensors"));
        var after = SafetensorsFile.Load(Path.Combine(folder, "model.safetensors"));
        Assert.Equal(before.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal), after.Tensors.Select(t => t.Name).Order(StringComparer.Ordinal));
        Assert.All(before.Tensors, t => Assert.True(t.Bytes.Span.SequenceEqual(after[t.Name].Bytes.Span), t.Name));
        Assert.Equal(Mask2FormerConfig.Load(Path.Combine(source, "config.json")).ToJson(), Mask2FormerConfig.Load(Path.Combine(folder, "config.json")).ToJson());
        Directory.Delete(folder, recursive: true);
    }
}
