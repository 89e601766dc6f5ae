using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class ResNetTests
{
    [Fact]
    public void A_saved_classifier_loads_and_answers_the_same()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var folder = Directory.CreateTempSubdirectory("freemask-resnet").FullName;
        var model = new ResNetClassifier(new ResNetConfig(8, [8, 12, 16, 24], [1, 1, 2, 1]), ["cat", "dog"], seed: 4);
        model.eval();
        model.Save(folder);
        var other = ResNetClassifier.Load(folder);
        other.eval();

        var x = linspace(-1, 1, 2 * 3 * 32 * 32).view(2, 3, 32, 32);
        Assert.Equal(["cat", "dog"], other.Labels);
        Assert.Equal(model.forward(x).data<float>().ToArray(), other.forward(x).data<float>().ToArray());
        var names = SafetensorsFile.Load(Path.Combine(folder, "model.safetensors")).Tensors.Select(t => t.Name).ToArray();
        Assert.Contains("resnet.encoder.stages.2.layers.1.layer.0.convolution.weight", names);
        Assert.All(names, name => Assert.Matches("^(resnet\\.(embedder|encoder)|classifier\\.1)\\.", name));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Weights_that_do_not_fit_are_named()
    {
        var folder = Directory.CreateTempSubdirectory("freemask-resnet").FullName;
        var model = new ResNetClassifier(new ResNetConfig(8, [8, 12, 16, 24], [1, 1, 1, 1]), ["cat"], seed: 4);
        model.Save(folder);
        var file = SafetensorsFile.Load(Path.Combine(folder, "model.safetensors"));
        new SafetensorsFile([.. file.Tensors.Where(t => t.Name != "classifier.1.bias"), NamedTensor.FromSingles("stray", [1], [0f])])
            .Save(Path.Combine(folder, "model.safetensors"));

        var fault = Assert.Throws<FreeMaskException>(() => ResNetClassifier.Load(folder));
        Assert.Contains("classifier.1.bias", fault.Message, StringComparison.Ordinal);
        Assert.Contains("stray", fault.Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
