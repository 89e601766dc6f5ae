using System.Text.Json.Nodes;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Checks;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Sessions;
using FreeMask.Cli.Terminal;
using FreeMask.Dashboard.Engines;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Dashboards;

/// <summary>Starts runs from run files that a user of the dashboard writes.</summary>
/// <param name="source">The engine of the dashboard.</param>
/// <param name="context">The data folder.</param>
/// <param name="bundles">The bundles of this process.</param>
internal sealed class RunStarter(IEngineSource source, CommandContext context, BundleCatalog bundles) : IRunStarter
{
    // A run has this name unless its file has another one.
    private const string FileName = "run.yaml";

    public string Example => """
        name: first
        seed: 7
        classes: [bus, car, cat, dog]
        backgrounds: [on the grass, on the road]
        rounds: 2
        samplesPerRound: 32
        model: mini
        generation:
          steps: 20
          batch: 4
        scoring:
          foldSteps: 30
        training:
          steps: 60
          learningRate: 0.0002

        """;

    public JsonObject Schema => RunFileJsonSchema.Create();

    public IReadOnlyList<RunFilePlace> FindProblems(string text)
    {
        try
        {
            Read(text);
            return [];
        }
        catch (RunFileException invalid)
        {
            return PlacesOf(invalid);
        }
    }

    public RunFileCheck Check(string text)
    {
        try
        {
            var spec = Parse(text);
            return new RunFileCheck([], Preflight(spec).Notes, (long)spec.Rounds * spec.SamplesPerRound, []);
        }
        catch (RunFileException invalid)
        {
            var places = PlacesOf(invalid);
            return new RunFileCheck([.. places.Select(p => $"Line {p.Line}, column {p.Column}: {p.Message}")], [], 0, places);
        }
        catch (FreeMaskException problem)
        {
            return new RunFileCheck([problem.Message], [], 0, []);
        }
    }

    public Task<string> StartAsync(string text, bool again, CancellationToken stop)
    {
        var engine = source.Current ?? throw new FreeMaskException(source.Problem ?? "The data folder is not open yet.");
        return RunSession.StartAsync(engine, Parse(text), again, context, stop);
    }

    private static IReadOnlyList<RunFilePlace> PlacesOf(RunFileException invalid) =>
        [.. invalid.Problems.Select(p => new RunFilePlace(p.Line, p.Column, p.Message))];

    private RunSpec Read(string text) => RunFile.Parse(text, FileName, bundles.ResolverAt(context.Data.Root));

    /// <summary>Reads a run file; paths in it are relative to the data folder.</summary>
    /// <exception cref="FreeMaskException">It has problems, or it names a program: a user of a page must not start programs.</exception>
    private RunSpec Parse(string text)
    {
        var spec = Read(text);
        if (spec.Trainer.IsExternal)
            throw new FreeMaskException(
                "trainer.command names a program, which the dashboard does not start; 'freemask run FILE' does, and the run appears here."
            );
        var findings = RunChecks.Find(RunChecks.All, spec, Machine).Select(f => $"{f.Key}: {f.Message}.");
        return findings.ToList() is { Count: > 0 } problems ? throw new FreeMaskException(string.Join(' ', problems)) : spec;
    }

    private CheckedMachine Machine =>
        CheckedMachine.Of(context, bundles, Environment.GetEnvironmentVariable, DeviceMemory.Of);

    private RunPreflight Preflight(RunSpec spec) =>
        RunPreflight.Of(spec, bundles, Machine.FreeBytes, context.Devices.Count == 0 ? Machine.HostMemory : null);
}
