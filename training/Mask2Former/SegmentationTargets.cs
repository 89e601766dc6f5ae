using FreeMask.Imaging;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>What a batch should be segmented into.</summary>
/// <param name="Masks">Binary masks [b, m, h, w] as float; images with fewer than m objects are padded with empty masks.</param>
/// <param name="Classes">Class of each real mask, per image.</param>
/// <param name="Valid">1 where a pixel counts, 0 where its label is unknown, [b, h, w].</param>
internal sealed record SegmentationTargets(Tensor Masks, IReadOnlyList<IReadOnlyList<int>> Classes, Tensor Valid)
{
    /// <summary>Number of real masks.</summary>
    internal int Count => Classes.Sum(c => c.Count);

    /// <summary>One mask for each class that an image shows, background included; <see cref="LabelMap.Ignore"/> is no class.</summary>
    /// <param name="maps">Label maps of one size.</param>
    /// <param name="device">Where the masks are made; null for the processor.</param>
    internal static SegmentationTargets FromLabelMaps(IReadOnlyList<LabelMap> maps, Device? device = null)
    {
        var (height, width) = (maps[0].Height, maps[0].Width);
        var classes = maps.Select(Present).ToArray();
        var (slots, area) = (Math.Max(1, classes.Max(c => c.Length)), height * width);
        var masks = new float[maps.Count * slots * area];
        var valid = new float[maps.Count * area];
        Span<int> slotOf = stackalloc int[256];
        for (var image = 0; image < maps.Count; image++)
        {
            for (var i = 0; i < classes[image].Length; i++) slotOf[classes[image][i]] = i;
            var labels = maps[image].Labels;
            for (var p = 0; p < area; p++)
            {
                if (labels[p] == LabelMap.Ignore) continue;
                valid[(image * area) + p] = 1;
                masks[(((image * slots) + slotOf[labels[p]]) * area) + p] = 1;
            }
        }

        return new SegmentationTargets(
            tensor(masks, [maps.Count, slots, height, width], device: device),
            classes,
            tensor(valid, [maps.Count, height, width], device: device)
        );
    }

    private static int[] Present(LabelMap map)
    {
        Span<bool> seen = stackalloc bool[256];
        foreach (var label in map.Labels) seen[label] = true;
        var present = new List<int>();
        for (var label = 0; label < LabelMap.Ignore; label++)
            if (seen[label]) present.Add(label);
        return [.. present];
    }
}
