using System.Text;

namespace FreeMask.Cli.Reports;

/// <summary>
/// The two charts of a report as inline SVG. Colors and fonts come from the page's style sheet, so that both follow its light and dark
/// themes.
/// </summary>
internal static class SvgCharts
{
    private const double Width = 480;
    private const int Bins = 25;

    /// <summary>
    /// Histogram of scores in bins of 0.04, kept above dropped, with a mark at the threshold of every class and a line at the median
    /// threshold.
    /// </summary>
    internal static string Histogram(ReportRound round)
    {
        const double left = 36, right = 12, top = 26, bottom = 40, height = 220;
        double X(double score) => left + (Math.Clamp(score, 0, 1) * (Width - left - right));

        var kept = new int[Bins];
        var dropped = new int[Bins];
        foreach (var score in round.Scores)
            (score.Kept ? kept : dropped)[Math.Clamp((int)(score.Score * Bins), 0, Bins - 1)]++;
        var most = Math.Max(1, Enumerable.Range(0, Bins).Max(bin => kept[bin] + dropped[bin]));
        var unit = (height - top - bottom) / most;
        var floor = height - bottom;

        var svg = Open(height, $"Scores of round {round.Number}");
        foreach (var count in Steps(most))
        {
            var y = floor - (count * unit);
            svg.Append($"<line class=\"grid\" x1=\"{left}\" x2=\"{Width - right}\" y1=\"{Html.Number(y)}\" y2=\"{Html.Number(y)}\" />");
            svg.Append($"<text class=\"tick\" x=\"{left - 8}\" y=\"{Html.Number(y + 4)}\" text-anchor=\"end\">{count}</text>");
        }

        for (var bin = 0; bin < Bins; bin++)
        {
            var x = X((double)bin / Bins);
            var width = X(1.0 / Bins) - X(0) - 2;
            var range = $"{Html.Score((double)bin / Bins)} to {Html.Score((bin + 1.0) / Bins)}: {kept[bin]} kept, {dropped[bin]} dropped";
            Bar(svg, "dropped", x + 1, floor - (dropped[bin] * unit), width, dropped[bin] * unit, range);
            Bar(svg, "kept", x + 1, floor - ((dropped[bin] + kept[bin]) * unit), width, kept[bin] * unit, range);
        }

        svg.Append($"<line class=\"axis\" x1=\"{left}\" x2=\"{Width - right}\" y1=\"{floor}\" y2=\"{floor}\" />");
        for (var tenth = 0; tenth <= 10; tenth += 2)
            svg.Append(
                $"<text class=\"tick\" x=\"{Html.Number(X(tenth / 10.0))}\" y=\"{floor + 28}\" "
                    + $"text-anchor=\"middle\">{Html.Number(tenth / 10.0)}</text>"
            );

        var thresholds = round
            .Classes.Where(item => item.ThresholdScore is { } threshold && double.IsFinite(threshold))
            .Select(item => (item.Name, Threshold: item.ThresholdScore!.Value))
            .ToList();
        foreach (var (name, threshold) in thresholds)
            svg.Append(
                $"<line class=\"threshold\" x1=\"{Html.Number(X(threshold))}\" x2=\"{Html.Number(X(threshold))}\" y1=\"{floor + 2}\" "
                    + $"y2=\"{floor + 12}\"><title>{Html.Text(name)}: {Html.Score(threshold)}</title></line>"
            );
        if (thresholds.Count > 0)
        {
            var median = thresholds.Select(item => item.Threshold).Order().ElementAt(thresholds.Count / 2);
            var label = thresholds.Count == 1 ? "threshold" : "median threshold of the classes";
            svg.Append(
                $"<line class=\"median\" x1=\"{Html.Number(X(median))}\" x2=\"{Html.Number(X(median))}\" y1=\"{top - 8}\" y2=\"{floor}\" />"
            );
            var end = median > 0.5;
            svg.Append(
                $"<text class=\"note\" x=\"{Html.Number(X(median) + (end ? -6 : 6))}\" y=\"{top - 2}\" "
                    + $"text-anchor=\"{(end ? "end" : "start")}\">{label} {Html.Score(median)}</text>"
            );
        }

        return svg.Append("</svg>").ToString();
    }

    /// <summary>Mean IoU on the held-out set at the start and after each round, where they are measured, on an axis from 0.</summary>
    internal static string MeanIoU(IReadOnlyList<ReportRound> rounds, int plannedRounds, double? start)
    {
        const double left = 44, right = 24, top = 24, bottom = 32, height = 220;
        var points = rounds.Where(round => round.MeanIoU is not null).Select(round => (round.Number, Value: round.MeanIoU!.Value)).ToList();
        if (start is { } before) points.Insert(0, (0, before));
        var first = start is null ? 1 : 0;
        var last = Math.Max(plannedRounds, rounds.Count);
        var ceiling = Math.Min(1, Math.Ceiling(Math.Max(0.2, points.Count == 0 ? 0 : points.Max(point => point.Value) * 1.15) * 10) / 10);
        var floor = height - bottom;
        double X(int round) => left + ((Width - left - right) * (round - first + 0.5) / (last - first + 1));
        double Y(double value) => floor - ((floor - top) * value / ceiling);

        var svg = Open(height, "Mean IoU on the held-out set after each round");
        for (var step = 0; step <= 4; step++)
        {
            var value = ceiling * step / 4;
            svg.Append(
                $"<line class=\"{(step == 0 ? "axis" : "grid")}\" x1=\"{left}\" x2=\"{Width - right}\" y1=\"{Html.Number(Y(value))}\" "
                    + $"y2=\"{Html.Number(Y(value))}\" />"
            );
            svg.Append(
                $"<text class=\"tick\" x=\"{left - 8}\" y=\"{Html.Number(Y(value) + 4)}\" text-anchor=\"end\">{Html.Number(value)}</text>"
            );
        }

        for (var round = first; round <= last; round++)
            svg.Append(
                $"<text class=\"tick\" x=\"{Html.Number(X(round))}\" y=\"{height - 10}\" "
                    + $"text-anchor=\"middle\">{(round == 0 ? "start" : $"round {round}")}</text>"
            );
        if (points.Count > 1)
        {
            var line = string.Join(' ', points.Select(point => $"{Html.Number(X(point.Number))},{Html.Number(Y(point.Value))}"));
            svg.Append($"<polyline class=\"line\" points=\"{line}\" />");
        }

        foreach (var (number, value) in points)
        {
            svg.Append($"<circle class=\"dot\" cx=\"{Html.Number(X(number))}\" cy=\"{Html.Number(Y(value))}\" r=\"5\" />");
            svg.Append(
                $"<text class=\"value\" x=\"{Html.Number(X(number))}\" y=\"{Html.Number(Y(value) - 12)}\" "
                    + $"text-anchor=\"middle\">{Html.Score(value)}</text>"
            );
        }

        return svg.Append("</svg>").ToString();
    }

    private static StringBuilder Open(double height, string title) =>
        new($"<svg class=\"chart\" viewBox=\"0 0 {Width} {height}\" role=\"img\" aria-label=\"{Html.Text(title)}\">");

    private static void Bar(StringBuilder svg, string kind, double x, double y, double width, double height, string title)
    {
        if (height <= 0) return;
        svg.Append(
            $"<rect class=\"{kind}\" x=\"{Html.Number(x)}\" y=\"{Html.Number(y)}\" width=\"{Html.Number(width)}\" "
                + $"height=\"{Html.Number(height)}\"><title>{title}</title></rect>"
        );
    }

    /// <summary>Three or four round values for the grid, at most the largest bin.</summary>
    private static IEnumerable<int> Steps(int most)
    {
        var raw = most / 3.0;
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, raw))));
        var step = (int)Math.Max(1, magnitude * (raw / magnitude >= 5 ? 5 : raw / magnitude >= 2 ? 2 : 1));
        for (var count = step; count <= most; count += step) yield return count;
    }
}
