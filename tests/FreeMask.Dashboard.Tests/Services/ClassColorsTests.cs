using FreeMask.Dashboard.Services;
using FreeMask.GrainInterfaces;
using FreeMask.Imaging;
using FreeMask.Vision;
using Xunit;

namespace FreeMask.Dashboard.Tests.Services;

public sealed class ClassColorsTests
{
    private const string Definition = """
        {"name": "yard", "classes": [{"name": "forklift", "color": "#ff8000"}, {"name": "pallet", "color": "#0040ff"}]}
        """;

    private static readonly RunSpec Spec = new()
    {
        Name = "run",
        Classes = ["forklift", "pallet"],
        SamplesPerRound = 4,
        LabelDefinition = Definition,
    };

    [Fact]
    public void Masks_and_legends_have_the_colors_of_the_label_set()
    {
        var labels = new LabelMap(9, 9);
        labels.Labels.AsSpan().Fill(2);
        var bytes = IndexedPng.Encode(labels);
        var drawn = SampleImages.DrawLabels(bytes, "label", ImageStyle.Labels, 64, null, LabelSetJson.Read(Definition));
        var pixel = ImageCodec.Decode(drawn.Bytes)[4, 4];

        Assert.Equal(ClassColors.OfOverlay(Spec, "pallet"), $"#{Convert.ToHexStringLower(pixel)}");
        Assert.Equal(("#ff8000", "#0040ff"), (ClassColors.OfExport(Spec, "forklift"), ClassColors.OfExport(Spec, "pallet")));
        var undescribed = Spec with { LabelDefinition = "", Labels = "own" };
        Assert.NotEqual(ClassColors.OfOverlay(Spec, "pallet"), ClassColors.OfOverlay(undescribed, "pallet"));
    }
}
