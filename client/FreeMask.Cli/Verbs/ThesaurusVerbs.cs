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
        new("thesaurus", "Ask which objects fit which background, or count a caption corpus.")
        {
            Query(host),
            Build(host),
            ThesaurusComparisonVerb.Create(host),
        };

    private static Command Query(VerbHost host)
    {
        var background = new Argument<string>("background")
        {
            Description = "A scene such as grass, or a phrase around one.",
            HelpName = "BACKGROUND",
        };
        var file = Thesaurus();
        return host.Handle(new Command("query", "Rank the classes for a background.") { background, file }, (parsed, _, _) =>
        {
            var thesaurus = Open(parsed.GetValue(file));
            var phrase = parsed.GetRequiredValue(background);
            var classes = thesaurus.Rank(phrase);
            var scene = thesaurus.Find(phrase)!;
            var images = thesaurus.Counts.Scenes[scene].Images;
            return Task.FromResult(new VerbResult(
                new { background = phrase, scene, images, source = thesaurus.Counts.Source, licence = thesaurus.Counts.Licence, classes },
                console => Show(console, scene, images, classes)));
        });
    }

    internal static Option<string?> Thesaurus() => new("--thesaurus")
    {
        Description = "A thesaurus that 'thesaurus build' wrote. Default: the one that ships.",
        HelpName = "FILE",
    };

    internal static SceneThesaurus Open(string? file) => file is null ? SceneThesaurus.LoadDefault() : SceneThesaurus.Load(file);

    private static Command Build(VerbHost host)
    {
        var corpus = new Argument<string[]>("captions")
        {
            Description = "One caption a line, COCO's annotations (.json), or Flickr's token file; several are counted together.",
            Arity = ArgumentArity.OneOrMore,
            HelpName = "FILE",
        };
        var output = new Option<string>("--out") { Description = "The thesaurus to write.", Required = true, HelpName = "FILE" };
        var source = new Option<string?>("--source")
        {
            Description = "The name of the corpus, to be kept in the file. Default: the names of the files.",
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
                var (paths, target) = (parsed.GetRequiredValue(corpus), NamedPath.File(parsed.GetRequiredValue(output), "--out"));
                IReadOnlyList<Caption> captions = [.. paths.SelectMany(CaptionFile.Read)];
                var thesaurus = ThesaurusBuilder.Build(
                    captions,
                    ThesaurusVocabulary.Of(Arguments.LabelsOf(parsed.GetValue(labelSet)) ?? LabelSet.Voc),
                    parsed.GetValue(source) ?? string.Join(", ", paths.Select(Path.GetFileName)),
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
                            images = thesaurus.Counts.Images,
                            scenes = thesaurus.Scenes.Count,
                        },
                        console =>
                            console.Profile.Out.Writer.WriteLine(
                                $"{captions.Count} captions of {thesaurus.Counts.Images} images counted over {thesaurus.Scenes.Count} "
                                    + $"scenes: {target}"
                            )
                    )
                );
            }
        );
    }

    private static void Show(IAnsiConsole console, string scene, int images, IReadOnlyList<ClassMatch> classes)
    {
        string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
        string Share(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
        console.WriteLine($"{scene}: named in captions of {Number(images)} images");
        var table = new Table().Border(TableBorder.Simple).AddColumn("class");
        foreach (var heading in new[] { "images", "captions", "R", "95 %", "normalized", "lift" })
            table.AddColumn(new TableColumn(heading).RightAligned());
        table.AddColumn("fits");
        table.AddColumn("because of");
        foreach (var match in classes)
            table.AddRow(
                match.Class,
                Number(match.Images),
                Number(match.Captions),
                Share(match.R),
                $"{Share(match.Interval.Low)} to {Share(match.Interval.High)}",
                Share(match.Normalized),
                match.Lift.ToString("0.0", CultureInfo.InvariantCulture),
                match.Allowed ? "[green]yes[/]" : "[grey]no[/]",
                match.Source switch
                {
                    null => "",
                    var own when own == scene => "its own images",
                    var broader => $"images of {broader}",
                }
            );
        console.Write(table);
    }
}
