using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Vision;
using FreeMask.Vision.Thesaurus;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask thesaurus</c>: which objects fit a background, with their statistics.</summary>
internal static class ThesaurusVerbs
{
    internal static Command Create(VerbHost host) =>
        new("thesaurus", "Ask which objects fit which background, or count a caption corpus.") { Query(host), Build(host) };

    private static Command Query(VerbHost host)
    {
        var background = new Argument<string>("background")
        {
            Description = "A scene such as grass, or a phrase around one.",
            HelpName = "BACKGROUND",
        };
        var file = new Option<string?>("--thesaurus")
        {
            Description = "A thesaurus that 'thesaurus build' wrote. Default: the one that ships.",
            HelpName = "FILE",
        };
        return host.Handle(new Command("query", "Rank the classes for a background.") { background, file }, (parsed, _, _) =>
        {
            var thesaurus = parsed.GetValue(file) is { } path ? SceneThesaurus.Load(path) : SceneThesaurus.LoadDefault();
            var phrase = parsed.GetRequiredValue(background);
            var classes = thesaurus.Rank(phrase);
            var scene = thesaurus.Find(phrase)!;
            var captions = thesaurus.Counts.Scenes[scene].Captions;
            return Task.FromResult(new VerbResult(
                new { background = phrase, scene, captions, source = thesaurus.Counts.Source, licence = thesaurus.Counts.Licence, classes },
                console => Show(console, scene, captions, classes)));
        });
    }

    private static Command Build(VerbHost host)
    {
        var corpus = new Argument<string>("captions")
        {
            Description = "One caption a line, COCO's annotations (.json), or Flickr's token file.",
            HelpName = "FILE",
        };
        var output = new Option<string>("--out") { Description = "The thesaurus to write.", Required = true, HelpName = "FILE" };
        var source = new Option<string?>("--source")
        {
            Description = "The name of the corpus, to be kept in the file. Default: the name of the captions file.",
            HelpName = "TEXT",
        };
        var licence = new Option<string>("--licence")
        {
            Description = "The licence of the corpus, to be kept in the file.",
            DefaultValueFactory = _ => "unknown",
            HelpName = "TEXT",
        };
        var labelSet = Arguments.Labels();
        return host.Handle(
            new Command("build", "Count how often captions name classes and scenes together.")
            {
                corpus,
                output,
                source,
                licence,
                labelSet,
            },
            (parsed, _, _) =>
            {
                var (path, target) = (parsed.GetRequiredValue(corpus), NamedPath.File(parsed.GetRequiredValue(output), "--out"));
                var captions = CaptionFile.Read(path);
                var thesaurus = ThesaurusBuilder.Build(
                    captions,
                    ThesaurusVocabulary.Of(Arguments.LabelsOf(parsed.GetValue(labelSet)) ?? LabelSet.Voc),
                    parsed.GetValue(source) ?? Path.GetFileName(path),
                    parsed.GetRequiredValue(licence)
                );
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                thesaurus.Save(target);
                return Task.FromResult(
                    new VerbResult(
                        new
                        {
                            thesaurus = target,
                            captions = captions.Count,
                            scenes = thesaurus.Scenes.Count,
                        },
                        console =>
                            console.Profile.Out.Writer.WriteLine(
                                $"{captions.Count} captions counted over {thesaurus.Scenes.Count} scenes: {target}"
                            )
                    )
                );
            }
        );
    }

    private static void Show(IAnsiConsole console, string scene, int captions, IReadOnlyList<ClassMatch> classes)
    {
        string Share(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
        console.WriteLine($"{scene}: named in {captions.ToString(CultureInfo.InvariantCulture)} captions");
        var table = new Table().Border(TableBorder.Simple).AddColumn("class");
        foreach (var heading in new[] { "captions", "R", "normalized", "lift" }) table.AddColumn(new TableColumn(heading).RightAligned());
        table.AddColumn("fits");
        foreach (var match in classes)
            table.AddRow(
                match.Class,
                match.Count.ToString(CultureInfo.InvariantCulture),
                Share(match.R),
                Share(match.Normalized),
                match.Lift.ToString("0.0", CultureInfo.InvariantCulture),
                match.Allowed ? "[green]yes[/]" : "[grey]no[/]"
            );
        console.Write(table);
    }
}
