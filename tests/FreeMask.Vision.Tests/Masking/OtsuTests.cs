using FreeMask.Imaging;
using FreeMask.Vision.Masking;
using Xunit;

namespace FreeMask.Vision.Tests.Masking;

public sealed class OtsuTests
{
    [Fact]
    public void Cuts_equal_scikit_image_and_opencv()
    {
        foreach (var entry in Golden.Json("golden", "images", "otsu.json").GetProperty("cases").EnumerateArray())
        {
            var histogram = entry.GetProperty("histogram").EnumerateArray().Select(e => e.GetInt64()).ToArray();
            Assert.Equal(entry.GetProperty("threshold_skimage").GetInt32(), Otsu.Threshold(histogram));
        }
    }

    [Fact]
    public void Two_levels_are_parted()
    {
        var threshold = Otsu.Threshold(new FloatMap(4, 1, [0.1f, 0.1f, 0.9f, 1f]));
        Assert.InRange(threshold, 0.1f, 0.9f);
    }
}
