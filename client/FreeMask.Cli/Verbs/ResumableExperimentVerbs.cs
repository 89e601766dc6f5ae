using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Experiments;
using FreeMask.Cli.Terminal;
using FreeMask.Vision.Harmonization;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary>
/// <c>freemask experiment list</c> and <c>all</c>, and a verb for each experiment that has no verb of its own: they make sets of runs and
/// trainings in a folder, from seeds, and go on where they were stopped.
/// </summary>
internal static class ResumableExperimentVerbs
{
    private const int DefaultSeeds = 3, MostSeeds = 100;

    // These look at a run of the user's, or at one set of images, and have options of their own.
    private static readonly string[] WithOwnVerb = ["thresholds", "aggregation", "filtering"];

    internal static IEnumerable<Command> Create(VerbHost host)
    {
        yield return List(host);
        yield return All(host);
        foreach (var experiment in ExperimentCatalog.All.Where(experiment => !WithOwnVerb.Contains(experiment.Name)))
        {
            var options = new Options(host);
            var command = new Command(experiment.Name, experiment.Question);
            options.AddTo(command);
            yield return host.Handle(command, (parsed, context, stop) => options.RunAsync(parsed, [experiment], context, stop));
        }
    }

    private static Command List(VerbHost host)
    {
        var output = Output();
        return host.Handle(
            new Command("list", "List the experiments: what each asks, about what it costs, and what it found here.") { output },
            (parsed, _, _) =>
            {
                var folder = Path.GetFullPath(parsed.GetRequiredValue(output));
                var items = ExperimentCatalog
                    .All.Select(experiment => new
                    {
                        experiment.Name,
                        experiment.Question,
                        experiment.Minutes,
                        answer = ExperimentFiles.ReadIn(Path.Combine(folder, experiment.Name))?.Answer,
                    })
                    .ToList();
                return Task.FromResult(
                    new VerbResult(
                        new { experiments = items },
                        console =>
                        {
                            foreach (var item in items)
                            {
                                var minutes = item.Minutes.ToString("0", CultureInfo.InvariantCulture);
                                console.Profile.Out.Writer.WriteLine($"{item.Name} (about {minutes} min): {item.Question}");
                                console.Profile.Out.Writer.WriteLine($"    {item.answer ?? "not measured yet"}");
                            }
                        }
                    )
                );
            }
        );
    }

    private static Command All(VerbHost host)
    {
        var options = new Options(host);
        var only = new Option<string[]>("--only")
        {
            Description = "Only these experiments.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "NAME",
        };
        var command = new Command("all", "Make all experiments and write one report; stopped, the same command goes on.") { only };
        options.AddTo(command);
        return host.Handle(
            command,
            (parsed, context, stop) =>
                options.RunAsync(parsed, ExperimentCatalog.Named(parsed.GetValue(only) ?? []), context, stop)
        );
    }

    private static Option<string> Output() => new("--out")
    {
        Description = "The folder of runs and results; what it holds is not made again.",
        DefaultValueFactory = _ => "experiments",
        HelpName = "DIR",
    };

    /// <summary>The options of verbs that make experiments.</summary>
    private sealed class Options(VerbHost host)
    {
        private readonly Option<string> _model = new("--model")
        {
            Description = "A bundle with a held-out set.",
            DefaultValueFactory = _ => "mini",
            HelpName = "MODEL",
        };

        private readonly Option<string> _output = Output();

        private readonly Option<int> _seeds = new Option<int>("--seeds")
        {
            Description = "How many seeds: 1, 2 and so on.",
            DefaultValueFactory = _ => DefaultSeeds,
            HelpName = "N",
        }.Within(1, MostSeeds);

        private readonly Option<double?> _minutes = new("--minutes")
        {
            Description = "After this time nothing new is begun, and what is known is reported. Default: no limit.",
            HelpName = "M",
        };

        private readonly Option<string?> _corpus = new("--corpus")
        {
            Description = "A second corpus for the thesaurus: captions in a text file, one a line, or COCO's annotations.",
            HelpName = "FILE",
        };

        private readonly Option<string?> _placement = new("--placement")
        {
            Description = "A placement model ('train placement', or a public FOPA in ONNX) to compare with the rules.",
            HelpName = "DIR",
        };

        private readonly Option<string?> _harmonizer = new("--harmonizer")
        {
            Description = "A harmonizer ('train harmonizer', or a public one in ONNX) to compare with the rule.",
            HelpName = "DIR",
        };

        internal void AddTo(Command command)
        {
            Option[] own = [_output, _seeds, _minutes, _corpus, _placement, _harmonizer, _model];
            foreach (var option in own.Append(host.Device).Append(host.TrainingDevice)) command.Add(option);
        }

        internal async Task<VerbResult> RunAsync(
            ParseResult parsed,
            IReadOnlyList<IExperiment> experiments,
            CommandContext context,
            CancellationToken stop
        )
        {
            if (parsed.GetValue(_minutes) is <= 0 or double.NaN)
                throw new FreeMaskException("--minutes must be more than 0.");
            var named = parsed.GetRequiredValue(_model);
            var model = HeldOutExperiment.FolderOf(host, named);
            var folder = Path.GetFullPath(parsed.GetRequiredValue(_output));
            var own = context.In(new DataFolder(Path.Combine(folder, "data")));
            await using var runs = new ExperimentRuns(
                token => host.OpenEngineAsync(own, token),
                own,
                host.Bundles.ResolverAt,
                Directory.Exists(named) ? Path.GetFullPath(named) : named
            );
            string? Named(Option<string?> option) => parsed.GetValue(option) is { } path ? NamedPath.Full(path, option.Name) : null;
            var (corpus, placement, harmonizer) = (Named(_corpus), Named(_placement), Named(_harmonizer));
            // Said now, and not when its turn comes.
            if (corpus is not null) CaptionFile.Read(corpus);
            if (placement is not null) PlacementModel.Load(placement).Dispose();
            if (harmonizer is not null) HarmonizerModel.Load(harmonizer).Dispose();
            var settings = ExperimentSettings.Of(model, corpus);
            var session = new ExperimentSession(folder, settings, own)
            {
                Model = model,
                Corpus = corpus,
                Placement = placement,
                Harmonizer = harmonizer,
                Seeds = parsed.GetValue(_seeds),
                Minutes = parsed.GetValue(_minutes),
                Runs = runs,
            };
            var reports = await session.RunAsync(experiments, stop);
            var page = Path.Combine(folder, ExperimentFiles.PageName);
            return new VerbResult(new { folder, page, experiments = reports }, console => Show(console, reports, page));
        }

        private static void Show(IAnsiConsole console, IReadOnlyList<ExperimentReport> reports, string page)
        {
            foreach (var report in reports)
            {
                console.Profile.Out.Writer.WriteLine($"{report.Experiment}: {report.Answer}");
                foreach (var table in reports.Count == 1 ? report.Tables : [])
                    WideTable.Write(
                        console,
                        table.Columns[0],
                        [.. table.Columns.Skip(1)],
                        [.. table.Rows.Select(row => (row.Label, (IReadOnlyList<string>)[.. row.Cells.Select(cell => cell.Text)]))]
                    );
                if (!report.Complete)
                    console.Profile.Out.Writer.WriteLine("The time did not suffice for all rows: the same command goes on.");
            }

            console.Profile.Out.Writer.WriteLine(page);
        }
    }
}
