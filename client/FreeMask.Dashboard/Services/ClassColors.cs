using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;

namespace FreeMask.Dashboard.Services;

/// <summary>The colors of a run's classes, as legends have them: <c>#rrggbb</c>.</summary>
internal static class ClassColors
{
    /// <summary>The color of a class in masks that are drawn over images.</summary>
    internal static string OfOverlay(RunSpec spec, string name)
    {
        var labels = spec.LabelSet();
        return Hex(ImageOverlay.Bright(labels.Color((byte)labels.IndexOf(name))));
    }

    /// <summary>The color of a class in masks that an export writes.</summary>
    internal static string OfExport(RunSpec spec, string name)
    {
        var labels = spec.LabelSet();
        return Hex(labels.Color((byte)labels.IndexOf(name)));
    }

    private static string Hex((byte R, byte G, byte B) color) =>
        string.Create(CultureInfo.InvariantCulture, $"#{color.R:x2}{color.G:x2}{color.B:x2}");
}
