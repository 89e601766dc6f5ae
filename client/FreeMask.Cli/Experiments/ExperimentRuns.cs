using System.Globalization;
using System.Text;
using FreeMask.Cli.Progress;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Cli.Experiments;

/// <summary>
/// The runs that experiments look at: one for each seed, of the quickstart's kind and three rounds long. They are ordinary runs in the data
/// folder of the experiments, or on a cluster; interrupted, they are continued.
/// </summary>
/// <param name="open">Opens the engine, when the first run is asked for.</param>
/// <param name="context">Takes progress; its data folder is that of the engine.</param>
/// <param name="resolverAt">The resolver for run files in a folder.</param>
/// <param name="model">The name or the folder of the model bundle.</param>
internal sealed class ExperimentRuns(
    Func<CancellationToken, Task<IEngine>> open,
    CommandContext context,
    Func<string, IRunFileResolver> resolverAt,
    string model
) : IAsyncDisposable
{
    private const int Threads = 2;

    private readonly Dictionary<ulong, IReadOnlyList<RunSample>> _known = [];
    private IEngine? _engine;

    /// <summary>Samples in a round.</summary>
    internal const int SamplesPerRound = 80;

    /// <summary>Rounds of a run.</summary>
    internal const int Rounds = 3;

    /// <summary>The samples of the run of a seed, made where there is none.</summary>
    /// <param name="seed">Names the run.</param>
    /// <param name="stop">Stops following; the run can be continued.</param>
    /// <exception cref="FreeMaskException">The run did not end well.</exception>
    internal async Task<IReadOnlyList<RunSample>> SamplesAsync(ulong seed, CancellationToken stop)
    {
        if (_known.TryGetValue(seed, out var known)) return known;
        var engine = _engine ??= await open(stop);
        var name = NameOf(seed);
        var file = Path.Combine(context.Data.Root, $"{name}.yaml");
        await AtomicFile.WriteAsync(file, RunFileOf(name, seed), stop);
        var spec = await RunFile.ReadAsync(file, resolverAt, null, stop);
        var run = engine.Run(name);
        if ((await run.GetStatus()).State == RunState.Unknown) await run.Start(spec);
        else await run.Resume();
        var status = await new RunFollower(context).FollowAsync(
            _ => run.GetStatus().WaitAsync(stop),
            "Ctrl-C stops cleanly; the same command goes on.",
            stop
        );
        if (status.State != RunState.Completed)
            throw new FreeMaskException(
                $"Run '{name}' in {context.Data.Root} did not end well: {status.Reason} When the cause is put right, 'freemask retry "
                    + $"{name} --data {context.Data.Root}' tries again."
            );
        return _known[seed] = await RunSample.ReadAsync(await RunReader.OpenAsync(engine, name), stop);
    }

    /// <summary>The segmenter that scored a round of the run of a seed, which the round before trained.</summary>
    /// <param name="seed">Names the run.</param>
    /// <param name="round">The round, from 1: the first is scored by models of folds, which are not kept.</param>
    /// <param name="stop">Cancels.</param>
    /// <exception cref="FreeMaskException">The run did not end well.</exception>
    internal async Task<OnnxSegmenter> JudgeAsync(ulong seed, int round, CancellationToken stop)
    {
        await SamplesAsync(seed, stop);
        var name = NameOf(seed);
        var run = await RunReader.OpenAsync(_engine!, name);
        if (run.Status.Rounds[round - 1].Segmenter is not { Onnx: { } onnx, Card: { } card })
            throw new FreeMaskException($"Round {round} of run '{name}' has no segmenter as ONNX.");
        return new(
            (await run.BytesAsync(onnx, stop)).ToArray(),
            SegmenterCard.Parse(Encoding.UTF8.GetString((await run.BytesAsync(card, stop)).Span), name),
            Threads
        );
    }

    /// <summary>Closes the engine.</summary>
    public ValueTask DisposeAsync() => _engine?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static string NameOf(ulong seed) => string.Create(CultureInfo.InvariantCulture, $"experiment-{seed}");

    private string RunFileOf(string name, ulong seed) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""
        # One of the runs that experiments look at.
        name: {{name}}
        seed: {{seed}}
        classes: all
        backgrounds: [on the grass, on the road, on the water, in the sky, in the room, in the snow, on the sand, in the forest]
        rounds: {{Rounds}}
        samplesPerRound: {{SamplesPerRound}}
        model: {{System.Text.Json.JsonSerializer.Serialize(model)}}
        generation: { steps: 20, guidance: 3, batch: 4, prompts: ["a photo of {a class} {background}"] }
        composition: { multiShare: 0.5, maxObjects: 3 }
        scoring: { foldSteps: 30 }
        training: { steps: 60, init: bundle, learningRate: 0.00005, augmentation: style }

        """
    );
}
