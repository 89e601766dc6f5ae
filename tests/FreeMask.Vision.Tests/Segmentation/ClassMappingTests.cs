using FreeMask.Imaging;
using FreeMask.Vision.Segmentation;
using Xunit;

namespace FreeMask.Vision.Tests.Segmentation;

public sealed class ClassMappingTests
{
    [Fact]
    public void Names_are_matched_whatever_their_spelling_and_the_rest_is_background()
    {
        var mapping = ClassMapping.To(LabelSet.Voc, ["road", "Potted Plant", "airplane", "dining_table", "tv", "sky"]);
        Assert.Equal<byte>([0, 16, 1, 11, 20, 0], mapping.Labels);
        Assert.Equal<byte>([0, 16, 255], mapping.Apply(new LabelMap(3, 1, [0, 1, 6])).Labels);
    }

    [Fact]
    public void Vocs_own_classes_stay_what_they_are() =>
        Assert.Equal(Enumerable.Range(0, 21).Select(i => (byte)i), ClassMapping.To(LabelSet.Voc, VocClasses.Names).Labels);

    [Fact]
    public void Pairs_come_first()
    {
        var mapping = ClassMapping.To(LabelSet.Voc, ["person", "rider", "truck"], ["rider=person", "truck = car", "person=background"]);
        Assert.Equal<byte>([0, 15, 7], mapping.Labels);
    }

    [Theory]
    [InlineData("rider", "is no pair")]
    [InlineData("driver=person", "no class 'driver'")]
    [InlineData("rider=robot", "none of VOC's classes")]
    public void Pairs_that_name_nothing_are_refused(string pair, string part) =>
        Assert.Contains(
            part,
            Assert.Throws<FreeMaskException>(() => ClassMapping.To(LabelSet.Voc, ["rider", "person"], [pair])).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_segmenter_without_any_known_class_is_refused() =>
        Assert.Contains(
            "classMap",
            Assert.Throws<FreeMaskException>(() => ClassMapping.To(LabelSet.Voc, ["road", "sky"])).Message,
            StringComparison.Ordinal
        );
}
