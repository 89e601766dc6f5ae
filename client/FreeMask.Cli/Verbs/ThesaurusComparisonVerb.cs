using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Thesaurus;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask thesaurus compare</c>: classes that captions name together, and those that images show together.</summary>
internal static class ThesaurusComparisonVerb
{
    private const int MostListed = 10;

    internal static Command Create(VerbHost host)
    {
        var dataset = new Argument<string>("dataset") { Description = "A data set with annotated images.", HelpName = "DIR" };
        var format = new Option<string?>("--format") { Description = "The data set's layout. Default: recognized.", HelpName = "NAME" };
        var part = new Option<string?>("--list")
        {
            Description = "The part of the data set. Default: train where there is one, else all.",
            HelpName = "NAME",
        };
        var file = ThesaurusVerbs.Thesaurus();
        return host.Handle(
            new Command("compare", "Compare pairs of classes in captions with those in a data set's annotations.")
            {
                dataset,
                format,
                part,
                file,
            },
            async (parsed, _, stop) =>
            {
                var thesaurus = ThesaurusVerbs.Open(parsed.GetValue(file));
                var folder = NamedPath.Full(parsed.GetRequiredValue(dataset), "DIR");
                var images = LabeledDataset.Open(folder, parsed.GetValue(format), parsed.GetValue(part));
                var compared = await Task.Run(() => PairComparison.Of(thesaurus, [.. images.Labels], ClassesOf(images, stop)), stop);
                var auc = compared.Auc;
                return new VerbResult(
                    new
                    {
                        dataset = images.Root,
                        images = compared.Images,
                        captionedImages = thesaurus.Counts.Images,
                        source = thesaurus.Counts.Source,
                        shownPairs = compared.Shown,
                        namedPairs = compared.Named,
                        compared.ShownAndNamed,
                        auc = double.IsNaN(auc) ? (double?)null : auc,
                        leftOut = images.Labels.Skip(1).Except(thesaurus.NamedClasses),
                        compared.Pairs,
                    },
                    console => Show(console, compared, thesaurus.Counts.Images)
                );
            }
        );
    }

    private static IEnumerable<IReadOnlySet<string>> ClassesOf(LabeledDataset images, CancellationToken stop)
    {
        for (var index = 0; index < images.Count; index++)
        {
            stop.ThrowIfCancellationRequested();
            var ids = images.Load(index).Labels.Labels.Distinct();
            yield return ids.Where(id => id is not (LabelMap.Background or LabelMap.Ignore)).Select(id => images.Labels[id]).ToHashSet();
        }
    }

    private static void Show(IAnsiConsole console, PairComparison compared, int captioned)
    {
        var writer = console.Profile.Out.Writer;
        writer.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{compared.Images} annotated images show {compared.Shown} of {compared.Pairs.Count} pairs of classes together; "
                    + $"captions of {captioned} images name {compared.Named}."
            )
        );
        writer.WriteLine($"Of the pairs that are shown, captions name {Share(compared.ShownAndNamed, compared.Shown)}.");
        writer.WriteLine($"Of the pairs that captions name, images show {Share(compared.ShownAndNamed, compared.Named)}.");
        if (!double.IsNaN(compared.Auc))
            writer.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"A pair that is shown is named in more captioned images than another one in {compared.Auc:0.00} of all cases (AUC)."
                )
            );
        List(console, "shown, never named", compared.Pairs.Where(pair => pair.Named == 0 && pair.Shown > 0));
        List(
            console,
            "named, never shown",
            compared.Pairs.Where(pair => pair.Shown == 0 && pair.Named > 0).OrderByDescending(pair => pair.Named)
        );
    }

    private static string Share(int part, int all)
    {
        if (all == 0) return "none, for there are none";
        var interval = Proportion.Wilson95(part, all);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{part} of {all}: {100.0 * part / all:0} % ({100 * interval.Low:0} to {100 * interval.High:0})"
        );
    }

    private static void List(IAnsiConsole console, string title, IEnumerable<PairCount> pairs)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn(title);
        foreach (var heading in new[] { "images shown", "captioned images" }) table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var pair in pairs.Take(MostListed))
            table.AddRow(
                Markup.Escape($"{pair.First}, {pair.Second}"),
                pair.Shown.ToString(CultureInfo.InvariantCulture),
                pair.Named.ToString(CultureInfo.InvariantCulture)
            );
        if (table.Rows.Count > 0) console.Write(table);
    }
}
