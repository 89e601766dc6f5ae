using System.Buffers.Binary;
using FreeMask.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Imaging;

public sealed class IndexedPngTests
{
    private static LabelMap AllLabels()
    {
        var labels = new LabelMap(16, 16);
        for (var i = 0; i < 256; i++) labels.Labels[i] = (byte)i;
        return labels;
    }

    [Fact]
    public void Labels_come_back_exactly_with_the_palette_of_voc()
    {
        var data = IndexedPng.Encode(AllLabels());
        Assert.Equal(AllLabels().Labels, IndexedPng.Decode(data, "labels").Labels);
        var png = ImageCodec.DecodePng(data);
        Assert.Equal(PngColorType.Indexed, png.ColorType);
        var palette = Golden.Json("golden", "images", "voc_palette.json");
        var colors = (palette.ValueKind == System.Text.Json.JsonValueKind.Array ? palette : palette.EnumerateObject().First().Value)
            .EnumerateArray()
            .ToArray();
        for (var i = 0; i < 256; i++)
            for (var c = 0; c < 3; c++) Assert.Equal(colors[i][c].GetInt32(), png.Palette![(3 * i) + c]);
    }

    [Fact]
    public void There_is_no_transparency_chunk() =>
        Assert.Equal(-1, IndexedPng.Encode(AllLabels()).AsSpan().IndexOf("tRNS"u8));

    [Fact]
    public void Grey_labels_and_16_bit_ids_come_back_exactly()
    {
        Assert.Equal(AllLabels().Labels, IndexedPng.Decode(IndexedPng.EncodeGrey(AllLabels()), "grey").Labels);
        ushort[] ids = [0, 7, 26001, 65535, 24003, 300];
        Assert.Equal(ids, IndexedPng.DecodeSamples(IndexedPng.EncodeIds(3, 2, ids), "ids").Samples);
    }

    [Fact]
    public void Labels_above_255_are_refused() =>
        Assert.Contains(
            "26001",
            Assert.Throws<FreeMaskException>(() => IndexedPng.Decode(IndexedPng.EncodeIds(2, 1, [1, 26001]), "ids.png")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_color_image_is_no_label_map() =>
        Assert.Contains(
            "3 channels",
            Assert.Throws<FreeMaskException>(() => IndexedPng.Decode(ImageCodec.EncodePng(new RgbImage(2, 2)), "a.png")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_palette_with_an_odd_bit_depth_is_refused()
    {
        var data = IndexedPng.Encode(AllLabels());
        data[24] = 3;
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(29), Crc32.Compute(data.AsSpan(12, 17)));
        Assert.Contains(
            "3 bits",
            Assert.Throws<FreeMaskException>(() => IndexedPng.Decode(data, "odd.png")).Message,
            StringComparison.Ordinal
        );
    }
}
