using System.Collections.Concurrent;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Onnx;

namespace FreeMask.Pipeline;

/// <summary>Generates images and captures the attention of their class words.</summary>
internal sealed partial class GenerateStageHandler(
    BundleFolders bundles,
    IArtifactStore store,
    OnnxSessionOptions sessions,
    ILogger<GenerateStageHandler> logger
) : IStageHandler, IDisposable
{
    // One for each bundle and batch size. They are large: capacity for two alternating runs.
    private const int KeptBundles = 2;

    private readonly ConcurrentDictionary<(string Prompt, string Warning), bool> _said = new();

    private readonly ModelCache<(string Folder, int Batch), DiffusionBundle> _bundles = new(KeptBundles);

    public Stage Stage => Stage.Generate;

    public bool Handles(RunSpec spec) => !spec.Source.IsFolder;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var (folder, batch) = (bundles.Find(spec.Model), spec.Generation.Batch);
        using var bundle = await _bundles.AcquireAsync(
            (folder, batch),
            () => Task.FromResult(DiffusionBundle.Load(folder, new DiffusionOptions { BatchSize = batch, Session = sessions }))
        );
        var pipeline = new DiffusionPipeline(bundle.Model);
        var capture = CaptureOptions.For(AttentionPreset.ByName(spec.Mask.Preset));
        if (spec.Mask.Affinity is not null) capture = capture with { SelfAttention = true };
        var scheduler = bundle.Model.Sampler(spec.Generation.Scheduler);
        var results = pipeline.Generate([.. inputs.Select(i => Request(spec, i.Plan, i.Attempt, scheduler))], capture, cancellationToken);
        var outcomes = new StageOutcome[inputs.Count];
        for (var i = 0; i < outcomes.Length; i++)
        {
            var image = await store.PutAsync(results[i].Image, cancellationToken);
            var attention = await store.PutAsync(results[i].Attention.ToBytes(), cancellationToken);
            // Logged once for each prompt, not for each sample.
            foreach (var warning in results[i].Warnings)
                if (_said.TryAdd((inputs[i].Plan.Prompt, warning), true)) LogWarning(logger, inputs[i].Plan.Prompt, warning);
            outcomes[i] = StageOutcome.Done([(ArtifactNames.Image, image), (ArtifactNames.Attention, attention)]);
        }

        return outcomes;
    }

    public void Dispose() => _bundles.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Prompt '{Prompt}': {Warning}")]
    private static partial void LogWarning(ILogger logger, string prompt, string warning);

    /// <summary>What an attempt of a sample asks the pipeline for.</summary>
    internal static GenerationRequest Request(RunSpec spec, SamplePlan plan, int attempt, SchedulerConfig scheduler) => new()
    {
        Prompt = plan.Prompt,
        NegativePrompt = plan.NegativePrompt.Length == 0 ? null : plan.NegativePrompt,
        Classes = [spec.LabelSet()[plan.ClassIndex].AttentionIn(plan.Prompt)],
        Noise = new NoiseKey(plan.Seed, plan.Stream, attempt),
        Steps = spec.Generation.Steps,
        Guidance = (float)spec.Generation.Guidance,
        Scheduler = scheduler,
        Width = spec.Generation.Width,
        Height = spec.Generation.Height,
    };
}
