using System.CommandLine;
using FreeMask.Cli.Checks;
using FreeMask.Cli.Dashboards;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Sessions;
using FreeMask.Cli.Terminal;
using FreeMask.Dashboard.Engines;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Verbs;

/// <summary>The verbs that execute a run: <c>run</c>, <c>resume</c>, <c>retry</c>.</summary>
internal static class RunVerbs
{
    internal static Command Run(VerbHost host)
    {
        var file = new Argument<string>("file") { Description = "The run file, such as examples/quickstart.yaml.", HelpName = "FILE" };
        var name = new Option<string?>("--name") { Description = "The name of the run, in place of the file's.", HelpName = "NAME" };
        var set = new Option<string[]>("--set")
        {
            Description =
                "A key of the run file and its value, in place of what the file says; once for each: --set rounds=3 --set "
                    + "generation.steps=10.",
            HelpName = "KEY=VALUE",
        };
        var check = new Option<bool>("--check") { Description = "Only say whether the run file can be run, and what it comes to." };
        var again = new Option<bool>("--again") { Description = "Compute a run again that was made from the same settings before." };
        var dashboard = new Option<bool>("--dashboard")
        {
            Description = "Also show the run in a browser, at an address that is printed; until Ctrl-C, also after the run has ended.",
        };
        var (port, open) = (DashboardVerb.Port(), DashboardVerb.Open());
        return host.Handle(
            new Command("run", "Start a run and follow it to its data set, segmenter and report.")
            {
                file,
                name,
                set,
                check,
                again,
                dashboard,
                port,
                open,
                host.Device,
                host.TrainingDevice,
            },
            async (parsed, context, stop) =>
            {
                var settings = (parsed.GetValue(set) ?? []).Select(RunFileSetting.Parse).ToList();
                if (parsed.GetValue(name) is { } named)
                    settings.Add(RunFileSetting.Text("name", named, $"--name {named}"));
                var isLocal = context.Cluster is null;
                var machine = CheckedMachine.Of(context, host.Bundles, host.Variable, host.MemoryOf);
                var spec = await RunFile.ReadAsync(
                    parsed.GetRequiredValue(file),
                    host.Bundles.ResolverAt,
                    spec => RunChecks.Find(host.Checks, spec, machine).Select(finding => finding.ToProblem()),
                    stop,
                    settings
                );
                var advice = RunPreflight.Of(
                    spec,
                    host.Bundles,
                    machine.FreeBytes,
                    context.Devices.Count == 0 ? machine.HostMemory : null
                );
                if (parsed.GetValue(check))
                {
                    if (!isLocal)
                    {
                        await using var engine = await host.ReadEngineAsync(context, stop);
                        advice = await AskSilosAsync(engine, spec, advice, stop);
                    }

                    return Checked(spec, advice, Plan(host, context, machine, spec, stop));
                }

                await using var session = await SessionAsync(host, context, stop);
                if (!isLocal) advice = await AskSilosAsync(session.Engine, spec, advice, stop);
                foreach (var note in advice.Notes)
                    context.WriteMessage($"Note: {note}");
                var id = await session.StartAsync(spec, parsed.GetValue(again), stop);
                if (!parsed.GetValue(dashboard) && !parsed.GetValue(open)) return await session.FollowAsync(id, stop);
                var origin = context.Cluster is { } cluster ? $"cluster {cluster}" : context.Data.Root;
                var source = new EngineSource(origin, () => session.Engine);
                source.NoteWork(id);
                await using var server = await DashboardServer.StartAsync(
                    source,
                    context,
                    host.Bundles,
                    listen: null,
                    parsed.GetValue(port),
                    stop
                );
                DashboardVerb.Announce(host, context, server, parsed.GetValue(open));
                var outcome = await session.FollowAsync(id, stop);
                if (!stop.IsCancellationRequested)
                    context.WriteMessage(
                        $"The run has ended. {server.Address} shows it until Ctrl-C; 'freemask dashboard' shows it again."
                    );
                await new ProductKeeper(source, context, host.Bundles).WorkAsync(stop);
                return outcome;
            }
        );
    }

    /// <summary>Compares the bundles of the silos of a cluster.</summary>
    /// <exception cref="FreeMaskException">None of them could work for the run.</exception>
    private static async Task<RunPreflight> AskSilosAsync(IEngine cluster, RunSpec spec, RunPreflight advice, CancellationToken stop)
    {
        var silos = await SiloCheck.AskAsync(cluster.Grains, spec, stop);
        return silos.Problems.Count == 0
            ? advice with { Notes = [.. advice.Notes, .. silos.Notes] }
            : throw new FreeMaskException(
                $"No silo of the cluster can work for this run:{string.Concat(silos.Problems.Select(problem => $"\n  {problem}"))}"
            );
    }

    private static RunPlan Plan(VerbHost host, CommandContext context, CheckedMachine machine, RunSpec spec, CancellationToken stop)
    {
        var id = RunIds.Next(spec.Name, [.. RunFolder.All(context.Data)]);
        var plan = RunPlan.Of(spec, host.Bundles, new RunFolder(context.Data, id).Root);
        if (machine.IsCluster || host.Checks.Count == 0) return plan;
        context.WriteMessage("Measuring the first batch and a step of training ...");
        var folder = machine.FolderOf(spec.Model);
        return plan with
        {
            GeneratingSeconds = spec.Source.IsFolder || folder is null
                ? null
                : BatchMeasure.Seconds(spec, folder, context.Devices, context.Time, stop),
            TrainingSeconds = TrainingMeasure.SecondsOfStep(spec, folder, context.TrainingDevice, context.Time, stop) * plan.TrainingSteps,
        };
    }

    private static VerbResult Checked(RunSpec spec, RunPreflight advice, RunPlan plan) => new(
        new
        {
            ok = true,
            spec.Name,
            spec.Rounds,
            samples = plan.Samples,
            secondUses = plan.SecondUses,
            bytes = plan.Bytes,
            unetEvaluations = plan.UNetEvaluations,
            trainingSteps = plan.TrainingSteps,
            plan.Phases,
            generatingSeconds = plan.GeneratingSeconds,
            trainingSeconds = plan.TrainingSeconds,
            plan.Results,
            advice.Notes,
        },
        console =>
        {
            var writer = console.Profile.Out.Writer;
            writer.Write("The run can be made: ");
            foreach (var line in plan.Lines(spec.Rounds)) writer.WriteLine(line);
            foreach (var note in advice.Notes) writer.WriteLine($"Note: {note}");
        }
    );

    internal static Command Resume(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        return host.Handle(
            new Command("resume", "Go on with a run that was paused, stopped or killed. Default: the newest unfinished one.")
            {
                run,
                host.Device,
                host.TrainingDevice,
            },
            async (parsed, context, stop) =>
            {
                RunIds.RequireFolder(context, parsed.GetValue(run));
                await using var session = await SessionAsync(host, context, stop);
                var engine = session.Engine;
                var id = await RunIds.FindAsync(
                    engine,
                    parsed.GetValue(run),
                    status => IsUnfinished(status) || LacksProducts(context, status),
                    "unfinished"
                );
                var status = await engine.Run(id).GetStatus();
                if (status.State == RunState.Failed)
                    throw new FreeMaskException(
                        $"Run '{id}' failed: {status.Reason} When the cause is put right, 'freemask retry {id}' tries again."
                    );
                if (engine.IsRemote && status.State == RunState.Running)
                    context.WriteMessage($"Run '{id}' is at work in another process already; watching it.");
                await engine.Run(id).Resume();
                return await session.FollowAsync(id, stop);
            }
        );
    }

    internal static Command Retry(VerbHost host)
    {
        var run = Arguments.OptionalRun();
        var samples = new Option<int[]>("--samples")
        {
            Description = "Only these quarantined samples of the open round. Default: all of them, and the error that stopped the run.",
            HelpName = "INDEX",
            AllowMultipleArgumentsPerToken = true,
        }.Within(0, int.MaxValue);
        return host.Handle(
            new Command("retry", "Try again what failed, and go on.") { run, samples, host.Device, host.TrainingDevice },
            async (parsed, context, stop) =>
            {
                RunIds.RequireFolder(context, parsed.GetValue(run));
                await using var session = await SessionAsync(host, context, stop);
                var engine = session.Engine;
                var id = await RunIds.FindAsync(
                    engine,
                    parsed.GetValue(run),
                    status => status.State == RunState.Failed || IsUnfinished(status),
                    "failed or unfinished"
                );
                var indices = parsed.GetValue(samples) is { Length: > 0 } named ? named : null;
                if (indices is not null)
                    await RequireQuarantinedAsync(engine, id, indices, stop);
                await engine.Run(id).Retry(indices);
                return await session.FollowAsync(id, stop);
            }
        );
    }

    /// <summary>Checks that the samples are quarantined and in the open round; others would be ignored silently.</summary>
    private static async Task RequireQuarantinedAsync(IEngine engine, string id, IReadOnlyList<int> indices, CancellationToken stop)
    {
        var reader = await RunReader.OpenAsync(engine, id);
        var open =
            reader.Status.Rounds.LastOrDefault(round => round.Phase != RoundPhase.Closed)
            ?? throw new FreeMaskException(
                $"Run '{id}' has no open round: --samples names quarantined samples of one. Closed rounds never change."
            );
        var quarantined = new List<int>();
        await foreach (var sample in reader.SamplesAsync(open.Round, SampleState.Quarantined, stop)) quarantined.Add(sample.Index);
        var wrong = indices.Except(quarantined).ToList();
        if (wrong.Count == 0) return;
        var those =
            quarantined.Count == 0
                ? "it has none"
                : $"they are {string.Join(", ", quarantined.Take(20))}{(quarantined.Count > 20 ? ", ..." : "")}";
        throw new FreeMaskException(
            $"--samples {string.Join(' ', wrong)}: not among the quarantined samples of round {open.Round + 1} of run '{id}'; {those}."
        );
    }

    private static async Task<RunSession> SessionAsync(VerbHost host, CommandContext context, CancellationToken stop) =>
        new(await host.OpenEngineAsync(context, stop), token => host.OpenEngineAsync(context, token), context, host.Bundles);

    /// <summary>Whether a run has ended but its products are incomplete; the report is written last.</summary>
    private static bool LacksProducts(CommandContext context, RunStatus status) =>
        status.State == RunState.Completed && !File.Exists(new RunFolder(context.Data, status.Run).Report);

    private static bool IsUnfinished(RunStatus status) => status.State is RunState.Running or RunState.Paused;
}
