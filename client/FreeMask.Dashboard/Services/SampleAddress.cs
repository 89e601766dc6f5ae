using System.Globalization;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>Addresses of a sample's page and images.</summary>
internal static class SampleAddress
{
    /// <summary>The page of a sample within a view.</summary>
    internal static string Page(string run, int round, int index, SampleView view) =>
        string.Create(CultureInfo.InvariantCulture, $"/runs/{run}/rounds/{round + 1}/samples/{index}{view.ToQueryString()}");

    /// <summary>The grid of a view.</summary>
    internal static string Grid(string run, int round, SampleView view) =>
        string.Create(CultureInfo.InvariantCulture, $"/runs/{run}/rounds/{round + 1}/samples{view.ToQueryString()}");

    /// <summary>An artifact as an image; null if the sample has none of this name. The address changes with the content.</summary>
    internal static string? Image(string run, SampleRecord sample, string name, ImageStyle style, int side, string? classes = null) =>
        sample.Artifact(name) is { } hash
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"/api/v1/runs/{run}/rounds/{sample.Round + 1}/samples/{sample.Index}/images/{name}"
                    + $"?style={style.ToString().ToLowerInvariant()}&side={side}&v={hash.AsSpan(0, 16)}"
                    + $"{(classes is null ? "" : "&classes=")}{classes}"
            )
            : null;

    /// <summary>The download of an artifact.</summary>
    internal static string Artifact(string run, SampleRecord sample, string name) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"/api/v1/runs/{run}/rounds/{sample.Round + 1}/samples/{sample.Index}/artifacts/{name}"
        );

    /// <summary>The newest image of a sample; null before it has one.</summary>
    internal static string? NewestImage(SampleRecord sample) =>
        First(sample, ArtifactNames.FinalImage, ArtifactNames.CompositeImage, ArtifactNames.Image);

    /// <summary>The label map that belongs to its newest image; null before it has one.</summary>
    internal static string? Labels(SampleRecord sample) => First(sample, ArtifactNames.CompositeLabel, ArtifactNames.Label);

    private static string? First(SampleRecord sample, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (sample.Artifact(name) is not null) return name;
        return null;
    }
}
