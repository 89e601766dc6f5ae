using FreeMask.Diffusion.Attention;
using FreeMask.Imaging;
using FreeMask.Tensors;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Masking;
using Xunit;

namespace FreeMask.Vision.Tests.Masking;

public sealed class AffinityRefinerTests
{
    private static readonly SelfAttentionGrid Self = new(4, 4, [.. Enumerable.Repeat(1 / 16f, 256)]);

    [Fact]
    public void A_head_that_knows_colors_spreads_a_map_up_to_the_edge()
    {
        using var folder = new TemporaryFolder();
        AffinityModel.Save(folder.Path, new AffinityConfig { Side = 32, Run = "test" }, [(null, ColorHead())]);
        var model = AffinityModel.Load(folder.Path);
        Assert.Empty(model.Config.Classes);

        // Left half red, right half green; the map knows the middle of the left half alone.
        var image = new RgbImage(64, 32);
        for (var i = 0; i < 64 * 32; i++) image.Pixels[(3 * i) + (i % 64 < 32 ? 0 : 1)] = 200;
        var coarse = new FloatMap(8, 4);
        coarse[1, 1] = coarse[2, 1] = coarse[1, 2] = coarse[2, 2] = 1;
        var refined = new AffinityRefiner(model).Refine(image, coarse, Self, "cat");
        Assert.Equal((64, 32), (refined.Width, refined.Height));
        Assert.True(refined[28, 16] > 0.15f, $"inside {refined[28, 16]}");
        Assert.True(refined[36, 16] < 0.02f, $"outside {refined[36, 16]}");
    }

    [Fact]
    public void A_model_is_read_as_it_was_written_and_refused_where_it_was_changed()
    {
        using var folder = new TemporaryFolder();
        var written = AffinityModel.Save(
            folder.Path,
            new AffinityConfig { Beta = 5, Sources = PairSources.Inner },
            [("cat", ColorHead()), ("dog", ColorHead())]
        );
        var model = AffinityModel.Load(folder.Path);
        Assert.Equal(written.Sha256, model.Config.Sha256);
        Assert.Equal((5, PairSources.Inner), (model.Config.Beta, model.Config.Sources));
        Assert.Equal(["cat", "dog"], model.Config.Classes);
        Assert.Equal(ColorHead().Tensors[0].Bytes.ToArray(), model.Head("dog").Tensors[0].Bytes.ToArray());
        Assert.Contains("'cow'", Assert.Throws<FreeMaskException>(() => model.Head("cow")).Message, StringComparison.Ordinal);

        var weights = System.IO.Path.Combine(folder.Path, AffinityModel.WeightsFile);
        var bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        Assert.Contains(
            "sha256",
            Assert.Throws<FreeMaskException>(() => AffinityModel.Load(folder.Path)).Message,
            StringComparison.Ordinal
        );
        File.Delete(weights);
        Assert.Contains(
            AffinityModel.WeightsFile,
            Assert.Throws<FreeMaskException>(() => AffinityModel.Load(folder.Path)).Message,
            StringComparison.Ordinal
        );
        File.WriteAllText(System.IO.Path.Combine(folder.Path, AffinityModel.ConfigFile), """{ "modelType": "mask2former" }""");
        Assert.Contains(
            "another kind",
            Assert.Throws<FreeMaskException>(() => AffinityModel.Load(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Weights_that_do_not_fit_each_other_are_refused()
    {
        var merge = NamedTensor.FromSingles("merge.weight", [2, 3, 1, 1], new float[6]);
        Assert.Contains("reduce.0.weight", Refused(merge), StringComparison.Ordinal);
        Assert.Contains(
            "3 channels",
            Refused(merge, NamedTensor.FromSingles("reduce.0.weight", [2, 4, 1, 1], new float[8])),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "[out, in, 1, 1]",
            Refused(merge, NamedTensor.FromSingles("reduce.0.weight", [3, 4], new float[12])),
            StringComparison.Ordinal
        );

        static string Refused(params NamedTensor[] tensors) =>
            Assert.Throws<FreeMaskException>(() => AffinityHead.FromTensors(new SafetensorsFile(tensors))).Message;
    }

    [Fact]
    public void Attention_without_self_attention_is_refused() => Assert.Contains("self-attention", Assert.Throws<FreeMaskException>(
        () => AffinityRefiner.SelfAttention(new AttentionRecord(["cat"], 4, 4, 1, [], []))).Message, StringComparison.Ordinal);

    // Takes a and b of Lab from the finest level and enlarges them; the other levels do not count.
    private static AffinityHead ColorHead()
    {
        var channels = AffinityFeatures.Channels;
        var color = new float[2 * channels[2]];
        (color[1], color[channels[2] + 2]) = (4, 4);
        float[] merge = [0, 0, 4, 0, 0, 0, 0, 4];
        return AffinityHead.FromTensors(new SafetensorsFile(
        [
            NamedTensor.FromSingles("reduce.0.weight", [1, channels[0], 1, 1], new float[channels[0]]),
            NamedTensor.FromSingles("reduce.1.weight", [1, channels[1], 1, 1], new float[channels[1]]),
            NamedTensor.FromSingles("reduce.2.weight", [2, channels[2], 1, 1], color),
            NamedTensor.FromSingles("merge.weight", [2, 4, 1, 1], merge),
        ]));
    }
}
