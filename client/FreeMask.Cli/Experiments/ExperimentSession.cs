using System.Text.Json;
using FreeMask.Cli.Terminal;
using FreeMask.Files;

namespace FreeMask.Cli.Experiments;

/// <summary>
/// Makes experiments one after the other and writes what they found. Each gets its share of the time; what one leaves goes to those after
/// it, and those that were not finished get what is left in the end.
/// </summary>
/// <param name="folder">The folder of all results.</param>
/// <param name="settings">What the results depend on besides the program.</param>
/// <param name="command">Takes progress, measures the time.</param>
internal sealed class ExperimentSession(string folder, ExperimentSettings settings, CommandContext command)
{
    private const string SettingsFile = "experiments.json";

    /// <summary>The folder of the model bundle.</summary>
    internal required string Model { get; init; }

    /// <summary>A second corpus of captions; null for none.</summary>
    internal string? Corpus { get; init; }

    /// <summary>The folder of a placement model; null for none.</summary>
    internal string? Placement { get; init; }

    /// <summary>The folder of a harmonizer; null for none.</summary>
    internal string? Harmonizer { get; init; }

    /// <summary>The number of seeds; a folder may be continued with more.</summary>
    internal required int Seeds { get; init; }

    /// <summary>The time for all; null for as long as it takes.</summary>
    internal double? Minutes { get; init; }

    /// <summary>Makes the runs that experiments look at.</summary>
    internal required ExperimentRuns Runs { get; init; }

    /// <summary>Makes experiments.</summary>
    /// <exception cref="FreeMaskException">The folder holds results of other settings, or a run failed.</exception>
    internal async Task<IReadOnlyList<ExperimentReport>> RunAsync(IReadOnlyList<IExperiment> experiments, CancellationToken stop)
    {
        await RequireSettingsAsync(stop);
        var reports = new Dictionary<string, ExperimentReport>();
        var end = Minutes is { } limit ? command.Time.GetUtcNow().AddMinutes(limit) : (DateTimeOffset?)null;
        for (var i = 0; i < experiments.Count; i++)
        {
            var share = experiments[i].Minutes / experiments.Skip(i).Sum(experiment => experiment.Minutes);
            var deadline = end is { } last ? command.Time.GetUtcNow() + (share * (last - command.Time.GetUtcNow())) : end;
            reports[experiments[i].Name] = await MakeAsync(experiments[i], deadline, stop);
        }

        foreach (var experiment in experiments.Where(experiment => !reports[experiment.Name].Complete))
        {
            if (end <= command.Time.GetUtcNow()) break;
            reports[experiment.Name] = await MakeAsync(experiment, end, stop);
        }

        // What was found here before stays on the page.
        var known = ExperimentCatalog.All.Select(experiment => ExperimentFiles.ReadIn(Path.Combine(folder, experiment.Name)));
        await ExperimentFiles.WritePageAsync(folder, [.. known.OfType<ExperimentReport>()], stop);
        return [.. experiments.Select(experiment => reports[experiment.Name])];
    }

    private async Task<ExperimentReport> MakeAsync(IExperiment experiment, DateTimeOffset? deadline, CancellationToken stop)
    {
        command.WriteMessage($"{experiment.Name}: {experiment.Question}");
        var own = Path.Combine(folder, experiment.Name);
        var context = new ExperimentContext(own, Model, Seeds, command.Time, command.WriteMessage, Runs)
        {
            Deadline = deadline,
            Corpus = Corpus,
            Placement = Placement,
            Harmonizer = Harmonizer,
        };
        var report = await experiment.RunAsync(context, stop) with
        {
            Complete = !context.IsIncomplete,
            Seeds = context.Seeds,
            Minutes = context.Seconds / 60,
        };
        await ExperimentFiles.WriteAsync(own, report, stop);
        command.WriteMessage($"{experiment.Name}: {report.Answer}");
        return report;
    }

    /// <summary>Rows of two settings must not meet in one table.</summary>
    private async Task RequireSettingsAsync(CancellationToken stop)
    {
        var path = Path.Combine(folder, SettingsFile);
        var wanted = JsonSerializer.Serialize(settings, JsonSerializerOptions.Web);
        if (!File.Exists(path)) await AtomicFile.WriteAsync(path, wanted, stop);
        else if (await File.ReadAllTextAsync(path, stop) != wanted)
            throw new FreeMaskException(
                $"{folder} holds results of another model bundle, held-out set or corpus. Name another folder with --out, or delete it."
            );
    }
}
