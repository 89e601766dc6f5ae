using FreeMask.Imaging;

namespace FreeMask.Vision.Segmentation;

/// <summary>
/// How certain a segmenter is of an image: 1 minus the mean entropy of the class of a pixel, as a part of the largest possible one. It asks
/// nothing of the label, so that it can rank samples but cannot tell a right label from a harmed one of the same image.
/// </summary>
internal static class PredictionCertainty
{
    /// <summary>The certainty, in [0, 1].</summary>
    /// <param name="judge">A segmenter whose masks are answers of queries.</param>
    /// <param name="image">What it looks at.</param>
    internal static double Of(OnnxSegmenter judge, RgbImage image)
    {
        var maps = QueryPostprocessing.Semantic(judge.Query(image), image.Width, image.Height);
        var entropy = 0.0;
        for (var i = 0; i < maps[0].Values.Length; i++)
        {
            var total = maps.Sum(map => (double)map.Values[i]);
            if (total <= 0) continue;
            foreach (var map in maps)
                if (map.Values[i] / total is > 0 and var p) entropy -= p * Math.Log(p);
        }

        return 1 - (entropy / maps[0].Values.Length / Math.Log(maps.Count));
    }
}
