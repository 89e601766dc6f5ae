using FreeMask.Diffusion.Attention;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Masking;

namespace FreeMask.Pipeline;

/// <summary>Makes label maps from attention.</summary>
internal sealed class MaskStageHandler(IArtifactStore store) : IStageHandler, IDisposable
{
    private const int KeptModels = 2;

    private readonly ModelCache<(string Folder, string Hash), AffinityModel> _models = new(KeptModels);

    public Stage Stage => Stage.Mask;

    public bool Handles(RunSpec spec) => !spec.Source.IsFolder;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var preset = AttentionPreset.ByName(spec.Mask.Preset);
        var options = Options(spec.Mask);
        using var affinity = spec.Mask is { Affinity: { } folder, AffinityHash: var hash }
            ? await _models.AcquireAsync((folder, hash!), () => Task.FromResult(Open(folder, hash!)))
            : null;
        var refiner = affinity is null ? null : new AffinityRefiner(affinity.Model);
        return await StageArtifacts.EachAsync(inputs, input => MaskAsync(input, preset, refiner, options, cancellationToken));
    }

    public void Dispose() => _models.Dispose();

    private async Task<StageOutcome> MaskAsync(
        StageInput input,
        AttentionPreset preset,
        AffinityRefiner? refiner,
        MaskOptions options,
        CancellationToken cancellationToken
    )
    {
        var image = await store.GetImageAsync(input.Artifact(ArtifactNames.Image), cancellationToken);
        var attention = input.Artifact(ArtifactNames.Attention);
        var record = AttentionRecord.FromBytes(await store.GetAsync(attention, cancellationToken), attention);
        var map = AttentionAggregator.Aggregate(record, preset)[0];
        if (refiner is not null) map = refiner.Refine(image, map, AffinityRefiner.SelfAttention(record), input.Plan.Class);
        var result = MaskStage.Run(image, map, (byte)input.Plan.ClassIndex, options);
        SampleFact[] facts =
        [
            new(
                "mask.area",
                Math.Round((double)result.Labels.Labels.Count(l => l == input.Plan.ClassIndex) / result.Labels.Labels.Length, 6)
            ),
            new("mask.confidence", Math.Round(result.Confidence, 6)),
            new("mask.threshold", Math.Round(result.Threshold, 6)),
        ];
        return result.Rejection is { } rejection
            ? StageOutcome.Rejected(rejection.Reason, [.. facts])
            : StageOutcome.Done([(ArtifactNames.Label, await store.PutAsync(result.Labels, cancellationToken))], [.. facts]);
    }

    private static AffinityModel Open(string folder, string hash)
    {
        var model = AffinityModel.Load(folder);
        if (model.Config.Sha256 != hash)
            throw new FreeMaskException(
                $"The affinity model in {folder} is not the one that this run was started with (its sha256 differs). Put that one back, "
                    + "or start a new run."
            );
        return model;
    }

    /// <summary>What the mask section of a run file asks for.</summary>
    internal static MaskOptions Options(MaskSpec spec)
    {
        var defaults = new MaskOptions();
        return defaults with
        {
            Refinement = spec.Refinement switch
            {
                "default" => defaults.Refinement,
                "none" => MaskRefinementMethod.None,
                "pamr" => MaskRefinementMethod.Pamr,
                "guided" => MaskRefinementMethod.GuidedFilter,
                "crf" => MaskRefinementMethod.DenseCrf,
                _ => throw new FreeMaskException($"There is no mask refinement named '{spec.Refinement}'."),
            },
            Threshold = spec.Threshold is null ? defaults.Threshold : MaskThreshold.Fixed,
            FixedThreshold = (float)(spec.Threshold ?? defaults.FixedThreshold),
            IgnoreBandRadius = spec.IgnoreBand > 0 ? defaults.IgnoreBandRadius : 0,
            IgnoreBand = (float)spec.IgnoreBand,
            Rules = defaults.Rules with
            {
                MinArea = (float)spec.MinArea,
                MaxArea = (float)spec.MaxArea,
                MaxBorder = (float)spec.MaxBorder,
                MinConfidence = (float)spec.MinConfidence,
            },
        };
    }
}
