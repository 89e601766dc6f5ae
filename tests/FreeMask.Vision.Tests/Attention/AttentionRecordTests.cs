using FreeMask.Diffusion.Attention;
using Xunit;

namespace FreeMask.Vision.Tests.Attention;

public sealed class AttentionRecordTests
{
    [Fact]
    public void A_record_survives_its_bytes()
    {
        var record = Record();
        var bytes = record.ToBytes();
        var read = AttentionRecord.FromBytes(bytes, "test");
        Assert.Equal(bytes, read.ToBytes());
        Assert.Equal(record.Classes, read.Classes);
        Assert.Equal((record.Passes, record.LatentWidth, record.LatentHeight), (read.Passes, read.LatentWidth, read.LatentHeight));
        Assert.Equal(record.Cross[0].Name, read.Cross[0].Name);
        Assert.Equal(record.Cross[1].Values, read.Cross[1].Values);
        Assert.Equal(record.Self[0].Values, read.Self[0].Values);
    }

    [Fact]
    public void Other_files_are_refused() =>
        Assert.Throws<FreeMaskException>(() =>
            AttentionRecord.FromBytes(new byte[] { 2, 0, 0, 0, 0, 0, 0, 0, (byte)'{', (byte)'}' }, "x.safetensors")
        );

    [Fact]
    public void Each_preset_gives_unit_range_maps_on_its_grid()
    {
        foreach (var preset in AttentionPreset.All.Where(p => p.Normalize))
        {
            var maps = AttentionAggregator.Aggregate(Record(), preset);
            Assert.Equal(2, maps.Count);
            Assert.All(maps, m => Assert.Equal((4, 2), (m.Width, m.Height)));
            Assert.All(maps, m => Assert.Equal((0f, 1f), (m.Values.Min(), MathF.Round(m.Values.Max(), 4))));
        }
    }

    [Fact]
    public void The_mean_preset_is_the_plain_mean()
    {
        var record = Record();
        var map = AttentionAggregator.Aggregate(record, AttentionPreset.Mean)[1];
        Assert.Equal((record.Cross[0].Map(1)[0] + record.Cross[1].Map(1)[0]) / 2, map.Values[0], 1e-6f);
    }

    [Fact]
    public void Self_attention_moves_values_to_the_cells_that_attend()
    {
        // Every cell attends to cell 0 only, with rows that do not sum to 1.
        var self = new float[64];
        for (var row = 0; row < 8; row++) self[row * 8] = 0.5f;
        var powered = SelfAttentionPower.Apply(new(4, 2, [3, 1, 1, 1, 1, 1, 1, 1]), new(4, 2, self), 2);
        Assert.All(powered.Values, v => Assert.Equal(3f, v));
    }

    [Fact]
    public void An_unknown_preset_is_named() =>
        Assert.Contains(
            "freemask, daam",
            Assert.Throws<FreeMaskException>(() => AttentionPreset.ByName("none")).Message,
            StringComparison.Ordinal
        );

    private static AttentionRecord Record()
    {
        var up = new CrossAttentionLayer("up_blocks.0.attn2", UNetPart.Up, 4, 2, [.. Enumerable.Range(0, 24).Select(i => i / 24f)]);
        var down = new CrossAttentionLayer("Softmax_1", UNetPart.Down, 4, 2, [.. Enumerable.Range(0, 24).Select(i => (i * 7 % 24) / 24f)]);
        var self = new SelfAttentionGrid(4, 2, [.. Enumerable.Range(0, 64).Select(i => i % 9 == 0 ? 0.5f : 0.0625f)]);
        return new(["dog", "dining table"], 4, 2, 3, [down, up], [self]);
    }
}
