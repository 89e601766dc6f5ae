using FreeMask.Imaging;

namespace FreeMask.Vision.Evaluation;

internal static class LabelMaps
{
    internal static void RequireSameSize(LabelMap a, LabelMap b)
    {
        if ((a.Width, a.Height) != (b.Width, b.Height))
            throw new ArgumentException($"The label maps differ in size: {a.Width} x {a.Height} and {b.Width} x {b.Height}.");
    }
}
