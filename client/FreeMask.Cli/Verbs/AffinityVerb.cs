using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Diffusion.Attention;
using FreeMask.GrainInterfaces;
using FreeMask.Training.Affinity;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Masking;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train affinity</c>: learns from a run's own coarse masks which cells of an image belong together.</summary>
internal static class AffinityVerb
{
    internal static Command Create(VerbHost host)
    {
        var run = Arguments.Run();
        var output = new Option<string>("--out")
        {
            Description = "Where the model is written: weights and config.json with their hash.",
            Required = true,
            HelpName = "DIR",
        };
        var perClass = new Option<bool>("--per-class") { Description = "A head of its own for each class, instead of one for all." };
        var samples = new Option<int>("--samples")
        {
            Description = "How many masked samples of the run to learn from, evenly over its classes; 0 for all.",
            DefaultValueFactory = _ => 400,
            HelpName = "N",
        }.Within(0, int.MaxValue);
        var steps = new Option<int>("--steps")
        {
            Description = "Optimizer steps of each head.",
            DefaultValueFactory = _ => new AffinityTrainingRequest().Steps,
            HelpName = "N",
        }.Within(1, int.MaxValue);
        var side = new Option<int>("--side")
        {
            Description = "Cells of the shorter side of the grid on which maps are refined.",
            DefaultValueFactory = _ => new AffinityConfig().Side,
            HelpName = "N",
        }.Within(1, 1024);
        var beta = new Option<double>("--beta")
        {
            Description = "The power of affinities in the walk; larger stops at weaker edges.",
            DefaultValueFactory = _ => new AffinityConfig().Beta,
            HelpName = "X",
        }.Within(0, 1000);
        var walk = new Option<int>("--walk")
        {
            Description = "Steps of the walk.",
            DefaultValueFactory = _ => new AffinityConfig().Steps,
            HelpName = "N",
        }.Within(1, int.MaxValue);
        var seed = Arguments.Seed("Names the initial weights and the batches.");
        return host.Handle(
            new Command("affinity", "Learn from a run's own coarse masks how to refine them ('affinity' of a run file's 'mask').")
            {
                run,
                output,
                perClass,
                samples,
                steps,
                side,
                beta,
                walk,
                seed,
            },
            async (parsed, context, stop) =>
            {
                var (id, target) = (parsed.GetRequiredValue(run), OutputFolder.Check(parsed.GetRequiredValue(output)));
                var request = new AffinityTrainingRequest
                {
                    PerClass = parsed.GetValue(perClass),
                    Steps = parsed.GetValue(steps),
                    Seed = parsed.GetValue(seed),
                    Config = new AffinityConfig
                    {
                        Run = id,
                        Side = parsed.GetValue(side),
                        Beta = parsed.GetValue(beta),
                        Steps = parsed.GetValue(walk),
                    },
                };
                var examples = await ReadAsync(host, context, id, request, parsed.GetValue(samples), stop);
                context.WriteMessage($"Learning from {examples.Count} samples of run '{id}'.");
                var folder = OutputFolder.Make(target);
                var config = await Task.Run(
                    () => AffinityTrainer.Train(request, examples, folder, context.WriteMessage, stop),
                    CancellationToken.None
                );
                return new VerbResult(new { affinity = folder, config }, console => console.Profile.Out.Writer.WriteLine(folder));
            }
        );
    }

    private static async Task<IReadOnlyList<AffinityExample>> ReadAsync(
        VerbHost host,
        CommandContext context,
        string id,
        AffinityTrainingRequest request,
        int limit,
        CancellationToken stop
    )
    {
        await using var engine = await host.ReadEngineAsync(context, stop);
        var reader = await RunReader.OpenAsync(engine, await RunIds.FindAsync(engine, id, _ => true, "such"));
        var preset = AttentionPreset.ByName(reader.Spec.Mask.Preset);
        var masked = new List<SampleRecord>();
        foreach (var round in reader.Status.Rounds)
            await foreach (var sample in reader.SamplesAsync(round.Round, null, stop))
                // The second use of a drawing has the same map.
                if (
                    sample.Plan.Drawing is null
                    && sample.Artifact(ArtifactNames.Attention) is not null
                    && sample.Artifact(ArtifactNames.Label) is not null
                )
                    masked.Add(sample);
        if (masked.Count == 0)
            throw new FreeMaskException($"Run '{id}' has no sample with an accepted mask from attention; there is nothing to learn from.");

        var examples = new List<AffinityExample>();
        foreach (var sample in InterleavedByClass(masked, limit))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"sample {sample.Round + 1}/{sample.Index}");
            var record = AttentionRecord.FromBytes(await reader.BytesAsync(sample.Artifact(ArtifactNames.Attention)!, stop), name);
            if (record.Self.Count == 0)
                throw new FreeMaskException(
                    $"Run '{id}' kept no self-attention, because its preset '{preset.Name}' uses none. Use a run with preset freemask or "
                        + "dataset-diffusion."
                );
            var image =
                await reader.ImageAsync(sample, ArtifactNames.Image, stop)
                ?? throw new FreeMaskException($"{name} of run '{id}' has no image.");
            var coarse = AttentionAggregator.Aggregate(record, preset)[0];
            if (AffinityExample.From(request, name, sample.Plan.Class, image, coarse, AffinityRefiner.SelfAttention(record)) is { } example)
                examples.Add(example);
        }

        return examples;
    }

    /// <summary>The first sample of each class, then the second of each, and so on.</summary>
    private static IEnumerable<SampleRecord> InterleavedByClass(List<SampleRecord> samples, int limit)
    {
        var interleaved = samples.GroupBy(s => s.Plan.ClassIndex).SelectMany(g => g.Select((sample, position) => (sample, position)))
            .OrderBy(s => s.position).ThenBy(s => s.sample.Plan.ClassIndex).Select(s => s.sample);
        return limit > 0 ? interleaved.Take(limit) : interleaved;
    }
}
