namespace FreeMask.Cli.Experiments;

/// <summary>A number of a table.</summary>
/// <param name="Text">As it is written.</param>
/// <param name="Value">The number; null where the cell is text.</param>
/// <param name="Low">The low end of its 95 % interval; null where it has none.</param>
/// <param name="High">The high end.</param>
internal sealed record ExperimentCell(string Text, double? Value = null, double? Low = null, double? High = null);

/// <summary>A row of a table.</summary>
/// <param name="Label">What was measured.</param>
/// <param name="Cells">One for each column.</param>
internal sealed record ExperimentRow(string Label, IReadOnlyList<ExperimentCell> Cells);

/// <summary>A table.</summary>
/// <param name="Title">What it shows, with the numbers of images and seeds.</param>
/// <param name="Columns">The heading of the labels, then one for each column.</param>
/// <param name="Rows">The rows; those that the time did not suffice for are absent.</param>
internal sealed record ExperimentTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<ExperimentRow> Rows);

/// <summary>A point of a plot with its interval.</summary>
/// <param name="Label">Its row.</param>
/// <param name="Value">The number.</param>
/// <param name="Low">The low end of its 95 % interval.</param>
/// <param name="High">The high end.</param>
internal sealed record PlotPoint(string Label, double Value, double Low, double High);

/// <summary>Points of one color.</summary>
/// <param name="Name">What they are.</param>
/// <param name="Points">The points.</param>
internal sealed record PlotSeries(string Name, IReadOnlyList<PlotPoint> Points);

/// <summary>A plot of numbers with intervals: a row for each label.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Axis">The name of the number.</param>
/// <param name="Series">The series.</param>
internal sealed record ExperimentPlot(string Title, string Axis, IReadOnlyList<PlotSeries> Series);

/// <summary>What an experiment found.</summary>
/// <param name="Experiment">Its name.</param>
/// <param name="Question">What it asks.</param>
/// <param name="Expected">What was expected before.</param>
/// <param name="Answer">The answer in one sentence, with the numbers behind it.</param>
/// <param name="Limits">What the answer does not hold for.</param>
/// <param name="Tables">The numbers.</param>
/// <param name="Plot">The most important ones as a plot; null where nothing was measured yet.</param>
internal sealed record ExperimentReport(
    string Experiment,
    string Question,
    string Expected,
    string Answer,
    string Limits,
    IReadOnlyList<ExperimentTable> Tables,
    ExperimentPlot? Plot
)
{
    /// <summary>False where the time did not suffice for every row.</summary>
    public bool Complete { get; init; } = true;

    /// <summary>The seeds that the numbers come from.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [];

    /// <summary>Minutes of computing, over all times that it was started.</summary>
    public double Minutes { get; init; }
}
