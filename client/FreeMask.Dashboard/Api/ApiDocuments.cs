using FreeMask.Client.Runs;
using FreeMask.Dashboard.Services;

namespace FreeMask.Dashboard.Api;

/// <summary>All runs.</summary>
/// <param name="At">When they were read (UTC); null before the first answer.</param>
/// <param name="Problem">Why there is no newer answer; null if there is one.</param>
/// <param name="Runs">The runs, oldest first, as <c>freemask status --json</c> has them.</param>
internal sealed record RunsDocument(DateTimeOffset? At, string? Problem, IReadOnlyList<RunDocument> Runs);

/// <summary>How a run works at the moment.</summary>
/// <param name="Progress">Work done, in [0, 1].</param>
/// <param name="Bottleneck">What it waits for; null if nothing is known.</param>
/// <param name="SecondsLeft">The remaining time: shortest and longest estimate; null if it is not known.</param>
/// <param name="Funnel">The states of the open or last round.</param>
internal sealed record WorkDocument(double Progress, string? Bottleneck, double[]? SecondsLeft, IReadOnlyList<FunnelRow> Funnel);

/// <summary>Samples of a round.</summary>
/// <param name="Total">How many the query selects.</param>
/// <param name="From">The position of the first one here, from 0.</param>
/// <param name="Samples">The samples in the order of the query, as <c>freemask samples --json</c> has them.</param>
internal sealed record SamplesDocument(int Total, int From, IReadOnlyList<SampleDocument> Samples);

/// <summary>Scores of a round.</summary>
/// <param name="Bins">The histogram over [0, 1].</param>
/// <param name="Classes">The classes with their cut.</param>
internal sealed record ScoresDocument(IReadOnlyList<ScoreBin> Bins, IReadOnlyList<ClassRow> Classes);

/// <summary>The silos.</summary>
/// <param name="At">When they were read (UTC).</param>
/// <param name="Silos">The silos.</param>
internal sealed record ClusterDocument(DateTimeOffset At, IReadOnlyList<SiloView> Silos);

/// <summary>Why a run is paused or cancelled.</summary>
/// <param name="Reason">One line; null for a general one.</param>
internal sealed record ReasonBody(string? Reason);

/// <summary>What to retry.</summary>
/// <param name="Samples">Indices of quarantined samples of the open round; null for all, and for the error that stopped the run.</param>
internal sealed record RetryBody(int[]? Samples);

/// <summary>A run to start.</summary>
/// <param name="File">The text of a run file.</param>
/// <param name="Again">Whether to compute a run again that was made from the same settings before.</param>
internal sealed record StartBody(string File, bool Again = false);

/// <summary>A place of a run file that is being written.</summary>
/// <param name="File">The text, which may be incomplete.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
internal sealed record CompleteBody(string File, int Line, int Column);

/// <summary>A run.</summary>
/// <param name="Run">Its id.</param>
internal sealed record RunName(string Run);

/// <summary>An export to write.</summary>
/// <param name="Format">The layout, such as <c>voc</c>.</param>
/// <param name="Objects">
/// Only samples with these numbers of objects: "1" one, "2-" two and more, "2-3" two and three; null for all.
/// </param>
/// <param name="Samples">Only the kept ones of these samples of <paramref name="Round"/>; null for all.</param>
/// <param name="Round">The round of <paramref name="Samples"/>, from 1.</param>
internal sealed record ExportBody(string Format = "voc", string? Objects = null, int[]? Samples = null, int Round = 1)
{
    /// <summary>The samples as they are chosen; null for all.</summary>
    internal ExportChoice? Choice => Samples is null ? null : new ExportChoice(Round - 1, Samples.ToHashSet());
}
