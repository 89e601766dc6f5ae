using FreeMask.Cli.Terminal;
using Spectre.Console.Testing;
using Xunit;

namespace FreeMask.Cli.Tests.Terminal;

public sealed class WideTableTests
{
    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(400)]
    public void No_number_is_broken_and_no_line_is_wider_than_the_terminal(int width)
    {
        using var console = new TestConsole().Width(width);
        var columns = Enumerable.Range(0, 9).Select(i => $"affinity, method {i}").ToList();
        List<(string, IReadOnlyList<string>)> rows =
        [
            ("cat", [.. columns.Select((_, i) => $"0.10{i}-0.20{i}")]),
            ("[all]", [.. columns.Select((_, i) => $"0.30{i}")]),
        ];

        WideTable.Write(console, "class", columns, rows);

        var lines = console.Output.Split('\n');
        Assert.All(lines, line => Assert.InRange(line.TrimEnd().Length, 0, width));
        for (var i = 0; i < columns.Count; i++)
        {
            Assert.Contains(lines, line => line.Contains(columns[i], StringComparison.Ordinal));
            Assert.Contains(
                lines,
                line => line.Contains("cat", StringComparison.Ordinal) && line.Contains($"0.10{i}-0.20{i}", StringComparison.Ordinal)
            );
            Assert.Contains(
                lines,
                line => line.Contains("[all]", StringComparison.Ordinal) && line.Contains($"0.30{i}", StringComparison.Ordinal)
            );
        }
    }
}
