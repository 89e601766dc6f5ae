using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Reports;

/// <summary>The content of a report: computed numbers and encoded images.</summary>
internal sealed record ReportData
{
    internal required string Run { get; init; }

    internal required string State { get; init; }

    /// <summary>Why the run failed or waits; null otherwise.</summary>
    internal string? Problem { get; init; }

    internal required ulong Seed { get; init; }

    internal required string Model { get; init; }

    /// <summary>Number of rounds of the run.</summary>
    internal required int PlannedRounds { get; init; }

    internal required DateTimeOffset Started { get; init; }

    internal required TimeSpan Elapsed { get; init; }

    /// <summary>SHA-256 of the manifest; null until the run is complete.</summary>
    internal string? ManifestHash { get; init; }

    /// <summary>Mean IoU of the starting segmenter on the held-out set, before any round; null where it was not measured.</summary>
    internal double? StartMeanIoU { get; init; }

    internal required IReadOnlyList<ReportRound> Rounds { get; init; }

    /// <summary>The paths of the products.</summary>
    internal IReadOnlyList<ReportFact> Products { get; init; } = [];

    /// <summary>Messages about the settings.</summary>
    internal IReadOnlyList<string> Notes { get; init; } = [];

    internal IReadOnlyList<ReportFact> Parameters { get; init; } = [];

    internal IReadOnlyList<ReportFact> Versions { get; init; } = [];

    /// <summary>Wall-clock seconds spent in each stage, all rounds together.</summary>
    internal IReadOnlyList<ReportFact> Seconds { get; init; } = [];
}

/// <summary>A name and its value.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value.</param>
/// <param name="Link">A path relative to the page to link to; null for none.</param>
internal sealed record ReportFact(string Name, string Value, string? Link = null);

/// <summary>One round: the funnel, the selection and the evaluation.</summary>
internal sealed record ReportRound
{
    /// <summary>From 1.</summary>
    internal required int Number { get; init; }

    /// <summary>How many samples have reached each state; the last two states are kept and dropped.</summary>
    internal required IReadOnlyList<ReportStage> Funnel { get; init; }

    internal int Quarantined { get; init; }

    /// <summary>The share that a class keeps, 0 to 1.</summary>
    internal required double KeepRatio { get; init; }

    /// <summary>What a score is: one of <see cref="ScoreCriteria"/>.</summary>
    internal required string Criterion { get; init; }

    /// <summary>Scored and kept samples by the number of their objects; empty before the selection.</summary>
    internal IReadOnlyList<ObjectShare> Objects { get; init; } = [];

    internal IReadOnlyList<ReportScore> Scores { get; init; } = [];

    internal IReadOnlyList<ReportClass> Classes { get; init; } = [];

    /// <summary>Mean IoU of the segmenter trained after this round on the held-out set, 0 to 1; null where none was measured.</summary>
    internal double? MeanIoU { get; init; }

    /// <summary>The same over background and the classes of the run.</summary>
    internal double? MeanIoUOfRun { get; init; }

    /// <summary>Further figures of the evaluation: those of the protocol and of the second data set.</summary>
    internal IReadOnlyList<ReportFact> Figures { get; init; } = [];

    /// <summary>How many classes <see cref="MeanIoU"/> covers.</summary>
    internal int MeasuredClasses { get; init; }

    internal IReadOnlyList<ReportSample> Samples { get; init; } = [];

    /// <summary>The samples just above and just below the threshold of their class.</summary>
    internal IReadOnlyList<ReportSample> Borderline { get; init; } = [];

    internal IReadOnlyList<ReportFailure> Failures { get; init; } = [];
}

/// <summary>How many samples have reached a state.</summary>
internal sealed record ReportStage(string Name, int Count);

/// <summary>The score of one sample, 0 to 1, and whether it was kept.</summary>
internal sealed record ReportScore(double Score, bool Kept);

/// <summary>One class in one round.</summary>
/// <param name="Name">The VOC name.</param>
/// <param name="Color">Its palette color as #rrggbb.</param>
/// <param name="Planned">Samples planned for the class.</param>
/// <param name="Kept">Samples kept.</param>
/// <param name="ThresholdScore">The lowest score that was kept; null before the selection.</param>
/// <param name="IoU">On the held-out set; null where not measured.</param>
internal sealed record ReportClass(string Name, string Color, int Planned, int Kept, double? ThresholdScore, double? IoU);

/// <summary>One sample as a strip of images from stage to stage.</summary>
/// <param name="Id">Unique in the page.</param>
/// <param name="Title">Its class.</param>
/// <param name="Note">A line beside: number, prompt, attempt.</param>
/// <param name="Score">0 to 1; null before scoring.</param>
/// <param name="Kept">Null before selection.</param>
/// <param name="Images">In the order of the stages.</param>
internal sealed record ReportSample(string Id, string Title, string Note, double? Score, bool? Kept, IReadOnlyList<ReportImage> Images);

/// <summary>An encoded image with its caption.</summary>
internal sealed record ReportImage(string Caption, string DataUri, int Width, int Height);

/// <summary>How often samples failed for one reason.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Count">Number of failures.</param>
/// <param name="Example">The index of one such sample.</param>
internal sealed record ReportFailure(string Reason, int Count, int Example);
