using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Tensors;
using FreeMask.Training.Affinity;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Tests;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Affinity;

public sealed class AffinityNetworkTests
{
    [Fact]
    public void Embeddings_losses_and_gradients_equal_the_reference()
    {
        var tensors = SafetensorsFile.Load(Fixtures.Path("affinity", "golden.safetensors"));
        var golden = JsonDocument.Parse(File.ReadAllBytes(Fixtures.Path("affinity", "golden.json"))).RootElement;
        foreach (var grid in golden.GetProperty("spec").GetProperty("grids").EnumerateObject())
        {
            using var scope = NewDisposeScope();
            var (channels, widths) = (Numbers(grid.Value, "channels"), Numbers(grid.Value, "widths"));
            var (height, width) = (Numbers(grid.Value, "grid")[0], Numbers(grid.Value, "grid")[1]);
            using var network = new AffinityNetwork(channels, widths);
            network.Import(tensors, grid.Name + ".head.");
            Tensor[] levels =
            [
                .. Enumerable
                    .Range(0, channels.Length)
                    .Select(k => Tensor(tensors[FormattableString.Invariant($"{grid.Name}.feature.{k}")])),
            ];
            var embedding = network.forward(levels);
            Near(tensors[grid.Name + ".embedding"], embedding, 1e-5);

            var pairs = new AffinityPairs(width, height, grid.Value.GetProperty("radius").GetInt32(), PairSources.Inner);
            var labels = new LabelMap(width, height, tensors[grid.Name + ".train.label"].Bytes.ToArray());
            var loss = AffinityLoss.Compute(AffinityNetwork.Split(embedding), pairs, [pairs.Label(labels)]);
            var losses = golden.GetProperty(grid.Name).GetProperty("losses");
            Assert.Equal(losses.GetProperty("bg").GetDouble(), loss.Background, 1e-5);
            Assert.Equal(losses.GetProperty("fg").GetDouble(), loss.Foreground, 1e-5);
            Assert.Equal(losses.GetProperty("neg").GetDouble(), loss.Different, 1e-5);
            Assert.Equal(losses.GetProperty("total").GetDouble(), loss.Total, 1e-5);

            embedding.backward([AffinityNetwork.Join(loss.Gradients)]);
            foreach (var (name, parameter) in network.named_parameters())
                if (tensors.TryGet($"{grid.Name}.train.gradient.{name.Replace(".weight", "", StringComparison.Ordinal)}", out var gradient))
                    Near(gradient!, parameter.grad!, 1e-6);
        }
    }

    [Fact]
    public void The_head_of_the_mask_stage_computes_the_same_with_levels_of_other_sizes()
    {
        using var scope = NewDisposeScope();
        using var network = new AffinityNetwork([3, 2], [4, 5]);
        network.Initialize(3, "test");
        FeatureMap[] levels = [Waves(3, 5, 4), Waves(2, 11, 7)];
        var expected = network.forward([.. levels.Select(l => tensor(l.Values, [1, l.Channels, l.Height, l.Width]))]);
        Near(expected, network.ToHead().Embed(levels).Values, 1e-5);
    }

    [Fact]
    public void Pairs_of_no_known_label_give_no_loss()
    {
        var pairs = new AffinityPairs(3, 2, 2, PairSources.All);
        var loss = AffinityLoss.Compute([Waves(2, 3, 2)], pairs, [new PairLabel[pairs.Count]]);
        Assert.Equal(0, loss.Total);
        Assert.All(loss.Gradients[0].Values, g => Assert.Equal(0, g));
    }

    [Fact]
    public void The_gradient_is_what_a_small_change_of_the_embedding_does_in_any_image_of_a_batch()
    {
        var pairs = new AffinityPairs(13, 6, 3, PairSources.All);
        FeatureMap[] embeddings = [Waves(3, 13, 6), new(3, 13, 6, [.. Waves(3, 13, 6).Values.Select(v => 1.3f * MathF.Cos(3 * v))])];
        PairLabel[][] labels = [Labels(1), Labels(2)];
        var gradients = AffinityLoss.Compute(embeddings, pairs, labels).Gradients;
        foreach (var (image, at) in new[] { (0, 0), (0, 77), (1, 100), (1, 233) })
        {
            const float Change = 1e-3f;
            ref var value = ref embeddings[image].Values[at];
            value += Change;
            var above = AffinityLoss.Compute(embeddings, pairs, labels).Total;
            value -= 2 * Change;
            var below = AffinityLoss.Compute(embeddings, pairs, labels).Total;
            value += Change;
            Assert.Equal((above - below) / (2 * Change), gradients[image].Values[at], 2e-5);
        }

        PairLabel[] Labels(int step) => [.. Enumerable.Range(0, pairs.Count).Select(i => (PairLabel)(i * step % 4))];
    }

    private static FeatureMap Waves(int channels, int width, int height) =>
        new(channels, width, height, [.. Enumerable.Range(0, channels * width * height).Select(i => MathF.Sin(i * 0.7f))]);

    private static int[] Numbers(JsonElement spec, string name) => [.. spec.GetProperty(name).EnumerateArray().Select(n => n.GetInt32())];

    private static Tensor Tensor(NamedTensor value) => tensor(value.ToSingles(), [.. value.Shape]);

    private static void Near(NamedTensor expected, Tensor actual, double tolerance) => Near(actual, expected.ToSingles(), tolerance);

    private static void Near(Tensor tensor, float[] values, double tolerance)
    {
        var own = tensor.detach().contiguous().data<float>().ToArray();
        Assert.Equal(values.Length, own.Length);
        for (var i = 0; i < own.Length; i++) Assert.Equal(values[i], own[i], tolerance);
    }
}
