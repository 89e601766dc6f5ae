using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.Vision;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask labels</c>: lists, shows and checks label sets.</summary>
internal static class LabelVerbs
{
    internal static Command Create(VerbHost host) =>
        new("labels", "List, show and check label sets: the classes of runs.") { List(host), Show(host), Check(host), Schema(host) };

    private static Command List(VerbHost host) =>
        host.Handle(
            new Command("list", "List the label sets that ship."),
            (_, _, _) =>
            {
                var sets = LabelSet
                    .BuiltIn.Select(LabelSet.Named)
                    .Select(set => new LabelSetSummary(set.Name, set.Classes.Count, set.Description))
                    .ToList();
                return Task.FromResult(
                    new VerbResult(
                        new { labelSets = sets },
                        console =>
                        {
                            var table = new Table().Border(TableBorder.Simple).AddColumn("label set");
                            table.AddColumn(new TableColumn("classes").RightAligned()).AddColumn("description");
                            foreach (var set in sets)
                                table.AddRow(
                                    set.Name,
                                    set.Classes.ToString(CultureInfo.InvariantCulture),
                                    Markup.Escape(set.Description)
                                );
                            console.Write(table);
                        }
                    )
                );
            }
        );

    private static Command Show(VerbHost host)
    {
        var named = Named();
        return host.Handle(
            new Command("show", "Show the classes of a label set with all that is known about them.") { named },
            (parsed, _, _) =>
            {
                var labels = Arguments.LabelsOf(parsed.GetRequiredValue(named))!;
                return Task.FromResult(new VerbResult(Document(labels), console => Write(console, labels)));
            }
        );
    }

    private static Command Check(VerbHost host)
    {
        var named = Named();
        return host.Handle(
            new Command("check", "Check the file of a label set. Every problem is reported at once.") { named },
            (parsed, _, _) =>
            {
                var labels = Arguments.LabelsOf(parsed.GetRequiredValue(named))!;
                var sizes = labels.Classes.Count(item => item.Metres is null);
                var kinds = labels.Classes.Count(item => item.Subclasses.Count > 0);
                return Task.FromResult(
                    new VerbResult(
                        new
                        {
                            labelSet = labels.Name,
                            classes = labels.Classes.Count,
                            withKinds = kinds,
                            withoutHeight = sizes,
                        },
                        console =>
                            console.Profile.Out.Writer.WriteLine(
                                string.Create(
                                    CultureInfo.InvariantCulture,
                                    $"{labels.Name}: {labels.Classes.Count} classes, {kinds} with words of their kinds, {sizes} without a "
                                        + $"height (their images tell it)."
                                )
                            )
                    )
                );
            }
        );
    }

    private static Command Schema(VerbHost host) =>
        host.Handle(
            new Command("schema", "Print the JSON Schema of label sets, with which editors complete and check them."),
            (_, _, _) =>
                Task.FromResult(
                    new VerbResult(
                        new { schema = LabelSetJsonSchema.Create() },
                        console => console.Profile.Out.Writer.Write(LabelSetJsonSchema.Text)
                    )
                )
        );

    private static Argument<string> Named() =>
        new("labels")
        {
            Description = $"A label set that ships ({string.Join(", ", LabelSet.BuiltIn)}), or a file.",
            HelpName = "NAME|FILE",
        };

    private static object Document(LabelSet labels) =>
        new
        {
            labelSet = labels.Name,
            description = labels.Description,
            classes = labels.Classes.Select(LabelSetJson.Write).ToList(),
        };

    private static void Write(IAnsiConsole console, LabelSet labels)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("id").RightAligned());
        foreach (var heading in new[] { "class", "color", "words", "kind", "height", "rests on", "kinds" }) table.AddColumn(heading);
        foreach (var item in labels.Classes)
            table.AddRow(
                item.Value.ToString(CultureInfo.InvariantCulture),
                Markup.Escape(item.Name),
                string.Create(CultureInfo.InvariantCulture, $"#{item.Color.R:x2}{item.Color.G:x2}{item.Color.B:x2}"),
                Markup.Escape(item.Words),
                item.IsThing ? "thing" : "stuff",
                item.Metres is { } metres ? string.Create(CultureInfo.InvariantCulture, $"{metres} m") : "–",
                string.Join(", ", LabelSetJson.NamesOf(item.Supports)),
                Markup.Escape(item.Subclasses.Count > 0 ? $"{item.Subclasses[0]}, ... ({item.Subclasses.Count})" : "–")
            );
        console.Write(table);
    }

    /// <summary>A label set in the list.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Classes">The number of its classes.</param>
    /// <param name="Description">What it is.</param>
    private sealed record LabelSetSummary(string Name, int Classes, string Description);
}
