using System.Text;
using FreeMask.Training.Mini.Evaluation;

namespace FreeMask.Cli.Reports;

/// <summary>
/// The result of <c>experiment thresholds</c> as an SVG file: a group of bars for each method, a bar for each refinement, whiskers for the
/// intervals.
/// </summary>
internal static class ThresholdChart
{
    private const double Width = 760, Height = 320, Left = 48, Right = 16, Top = 40, Bottom = 44;

    private static readonly string[] Colors = ["#9aa5b1", "#4f7cac", "#2f8f5b"];

    internal static string Draw(IReadOnlyList<ThresholdResult> results)
    {
        var methods = results.GroupBy(result => result.Method).ToList();
        var refinements = results.Select(result => result.Refinement).Distinct().ToList();
        var floor = Height - Bottom;
        double Y(double value) => floor - ((floor - Top) * value);

        var svg = new StringBuilder(
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"system-ui, sans-serif\" "
                + "font-size=\"12\">"
        );
        svg.Append(
            $"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/><text x=\"{Left}\" y=\"18\" font-size=\"14\" "
                + $"font-weight=\"600\">IoU of attention masks with true masks, by threshold</text>"
        );
        for (var tenth = 0; tenth <= 10; tenth += 2)
        {
            var y = Html.Number(Y(tenth / 10.0));
            svg.Append(
                $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y}\" y2=\"{y}\" stroke=\"#e3e7eb\"/><text x=\"{Left - 8}\" "
                    + $"y=\"{Html.Number(Y(tenth / 10.0) + 4)}\" text-anchor=\"end\" fill=\"#556\">{Html.Number(tenth / 10.0)}</text>"
            );
        }

        var group = (Width - Left - Right) / methods.Count;
        var bar = (group - 16) / refinements.Count;
        foreach (var (index, method) in methods.Index())
        {
            var x = Left + (index * group) + 8;
            foreach (var result in method)
            {
                var at = x + (refinements.IndexOf(result.Refinement) * bar);
                var middle = Html.Number(at + (bar / 2));
                svg.Append(
                    $"<rect x=\"{Html.Number(at)}\" y=\"{Html.Number(Y(result.IoU))}\" width=\"{Html.Number(bar - 2)}\" "
                        + $"height=\"{Html.Number(floor - Y(result.IoU))}\" "
                        + $"fill=\"{Colors[refinements.IndexOf(result.Refinement) % Colors.Length]}\"><title>{Html.Text(result.Method)}, "
                        + $"refinement {Html.Text(result.Refinement)}: {Html.Score(result.IoU)}</title></rect>"
                );
                svg.Append(
                    $"<line x1=\"{middle}\" x2=\"{middle}\" y1=\"{Html.Number(Y(result.Interval.Low))}\" "
                        + $"y2=\"{Html.Number(Y(result.Interval.High))}\" stroke=\"#222\"/>"
                );
            }

            svg.Append(
                $"<text x=\"{Html.Number(x + ((group - 16) / 2))}\" y=\"{floor + 18}\" "
                    + $"text-anchor=\"middle\">{Html.Text(method.Key)}</text>"
            );
        }

        foreach (var (index, refinement) in refinements.Index())
        {
            var x = Width - Right - ((refinements.Count - index) * 120);
            svg.Append(
                $"<rect x=\"{x}\" y=\"{Height - 16}\" width=\"10\" height=\"10\" fill=\"{Colors[index % Colors.Length]}\"/><text "
                    + $"x=\"{x + 16}\" y=\"{Height - 7}\">refinement {Html.Text(refinement)}</text>"
            );
        }

        return svg.Append("</svg>\n").ToString();
    }
}
