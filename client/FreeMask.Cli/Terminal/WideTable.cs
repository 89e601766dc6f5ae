using Spectre.Console;

namespace FreeMask.Cli.Terminal;

/// <summary>A table with many numeric columns, split into several tables that fit the terminal, so that no number is broken.</summary>
internal static class WideTable
{
    // Spectre writes a space on each side of a cell and a border between columns.
    private const int Gap = 3;

    /// <param name="console">The console.</param>
    /// <param name="heading">The heading of the first column, which every table repeats.</param>
    /// <param name="columns">The headings of the other columns.</param>
    /// <param name="rows">The first cell and one for each column, as text without markup.</param>
    internal static void Write(
        IAnsiConsole console,
        string heading,
        IReadOnlyList<string> columns,
        IReadOnlyList<(string First, IReadOnlyList<string> Cells)> rows
    )
    {
        var first = rows.Select(row => row.First.Length).Append(heading.Length).Max() + Gap;
        var widths = columns.Select((column, i) => rows.Select(row => row.Cells[i].Length).Append(column.Length).Max() + Gap).ToList();
        for (var from = 0; from < columns.Count;)
        {
            var (to, width) = (from, first + 1);
            while (to < columns.Count && (to == from || width + widths[to] <= console.Profile.Width)) width += widths[to++];
            var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn(Markup.Escape(heading)).NoWrap());
            foreach (var column in columns.Skip(from).Take(to - from))
                table.AddColumn(new TableColumn(Markup.Escape(column)).RightAligned().NoWrap());
            foreach (var (name, cells) in rows)
                table.AddRow([Markup.Escape(name), .. cells.Skip(from).Take(to - from).Select(Markup.Escape)]);
            console.Write(table);
            from = to;
        }
    }
}
