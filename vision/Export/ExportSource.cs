using System.Text.Json.Nodes;

namespace FreeMask.Vision.Export;

/// <summary>What is known of a sample before its pixels are loaded.</summary>
/// <param name="Id">File name without extension: letters, digits, <c>_</c>, <c>-</c> and <c>.</c>; unique.</param>
/// <param name="Classes">Object classes in the image; they balance the split.</param>
internal sealed record ExportItem(string Id, IReadOnlyList<byte> Classes)
{
    /// <summary>
    /// Samples of one group show the same picture, and go to one part of the data set: the id of a sample. Null for the sample's own id.
    /// </summary>
    public string? Group { get; init; }

    /// <summary>Goes into the manifest as it is: prompt, seed, model hashes, thresholds, scores.</summary>
    public JsonObject? Metadata { get; init; }
}

/// <summary>Samples that are loaded one by one, so that a data set of any size can be written.</summary>
/// <param name="Items">All samples, in the order in which they are written.</param>
/// <param name="Load">Loads one.</param>
internal sealed record ExportSource(IReadOnlyList<ExportItem> Items, Func<ExportItem, CancellationToken, ValueTask<ExportSample>> Load);

/// <summary>How a data set is written.</summary>
internal sealed record ExportOptions
{
    /// <summary>The classes; label maps have their ids.</summary>
    public LabelSet Labels { get; init; } = LabelSet.Voc;

    /// <summary>Class names by index; index 0 is background.</summary>
    public IReadOnlyList<string> Classes => Labels.Names;

    /// <summary>Share of the samples of each class that go to <c>val</c>.</summary>
    public double ValidationShare { get; init; } = 0.1;

    /// <summary>The seed of the split.</summary>
    public ulong Seed { get; init; }

    /// <summary>Replaces an earlier export in the same folder.</summary>
    public bool Overwrite { get; init; }

    /// <summary>The data card's title.</summary>
    public string Title { get; init; } = "Synthetic segmentation data set";

    /// <summary>Markdown under the title: what the data are and how they were made.</summary>
    public string Description { get; init; } = "";

    /// <summary>Facts for the data card, such as run, models and settings.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Facts { get; init; } = [];
}

/// <summary>What was written.</summary>
/// <param name="Folder">The folder that was asked for.</param>
/// <param name="DataRoot">Where readers of the format begin (for VOC: <c>VOCdevkit/VOC2012</c>).</param>
/// <param name="Train">Samples in <c>train</c>.</param>
/// <param name="Validation">Samples in <c>val</c>.</param>
/// <param name="Objects">Visible objects.</param>
internal sealed record ExportSummary(string Folder, string DataRoot, int Train, int Validation, int Objects);
