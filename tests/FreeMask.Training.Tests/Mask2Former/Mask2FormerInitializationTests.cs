using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Tests;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

/// <summary>Fresh weights against the statistics of the reference's: like layers pooled, mean and deviation of each kind.</summary>
public sealed partial class Mask2FormerInitializationTests
{
    [Theory]
    [InlineData("swin_tiny")]
    [InlineData("resnet50")]
    public void Fresh_weights_have_the_statistics_of_the_reference(string name)
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var expected = JsonDocument.Parse(File.ReadAllText(Fixtures.Path("mask2former", "init.json"))).RootElement.GetProperty(name);
        BackboneConfig backbone = name == "swin_tiny" ? SwinConfig.Tiny : ResNetConfig.ResNet50;
        using var model = new Mask2FormerModel(
            new Mask2FormerConfig { Backbone = backbone, Labels = [.. Enumerable.Range(0, 21).Select(i => $"{i}")] },
            seed: 1
        );
        var pooled = model
            .named_parameters()
            .GroupBy(p => Kind(p.name, p.parameter.shape), StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(p => p.parameter).ToArray(), StringComparer.Ordinal);
        foreach (var entry in expected.EnumerateObject())
        {
            Assert.True(pooled.TryGetValue(entry.Name, out var parameters), entry.Name);
            var (count, mean, deviation) = (entry.Value[0].GetInt32(), entry.Value[1].GetDouble(), entry.Value[2].GetDouble());
            Assert.Equal(count, parameters.Length);
            var values = cat([.. parameters.Select(p => p.to_type(ScalarType.Float64).flatten())]);
            var (size, own) = (values.numel(), values.std(unbiased: false).item<double>());

            // Both are samples: five standard errors of each.
            Assert.True(
                Math.Abs(values.mean().item<double>() - mean) <= (10 * deviation / Math.Sqrt(size)) + 1e-6,
                $"{entry.Name}: mean {values.mean().item<double>()}, expected {mean}"
            );
            Assert.True(
                Math.Abs(own - deviation) <= (10 * deviation / Math.Sqrt(2.0 * size)) + 1e-6,
                $"{entry.Name}: deviation {own}, expected {deviation}"
            );
        }
    }

    /// <summary>The name without indices of layers, and the shape.</summary>
    private static string Kind(string name, long[] shape)
    {
        var kind = Index().Replace(Index().Replace(name, ".*."), ".*.");
        return $"{kind} {string.Join('x', shape.Select(side => side.ToString(CultureInfo.InvariantCulture)))}";
    }

    [GeneratedRegex(@"\.\d+\.")]
    private static partial Regex Index();
}
