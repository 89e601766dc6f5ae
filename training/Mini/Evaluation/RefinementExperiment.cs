using System.Globalization;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Imaging;
using FreeMask.Vision;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Masking;

namespace FreeMask.Training.Mini.Evaluation;

/// <summary>One way to refine a coarse map, measured.</summary>
/// <param name="Method">Its name.</param>
/// <param name="IoU">Mean IoU with the true masks.</param>
/// <param name="Interval">95 % bootstrap interval over images.</param>
/// <param name="Classes">Mean IoU by class.</param>
internal sealed record RefinementResult(
    string Method,
    double IoU,
    ConfidenceInterval Interval,
    IReadOnlyDictionary<string, double> Classes
);

/// <summary>
/// What each refinement adds: cross-attention alone, with self-attention, with a learned affinity's random walk, and with PAMR, the dense
/// CRF or the project's own refinement after either. All on the same attention of held-out images with true masks, cut by Otsu's rule.
/// </summary>
internal static class RefinementExperiment
{
    private const int Said = 20;

    /// <summary>Runs all refinements on the same attention.</summary>
    /// <param name="model">A bundle with a held-out set.</param>
    /// <param name="affinity">An affinity model; its samples must not be the held-out ones.</param>
    /// <param name="images">How many held-out images; 0 takes all.</param>
    /// <param name="seed">Names the noise and the bootstrap's draws.</param>
    /// <param name="log">Takes one line of progress at a time.</param>
    /// <param name="cancellation">Stops between images.</param>
    /// <exception cref="FreeMaskException">The bundle has no held-out set, or the affinity model cannot be used.</exception>
    public static IReadOnlyList<RefinementResult> Run(
        string model,
        AffinityModel affinity,
        int images,
        ulong seed,
        Action<string> log,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(affinity);
        ArgumentNullException.ThrowIfNull(log);
        var scenes = HeldOutAttention.Scenes(model, images);
        var methods = Methods();
        var scores = methods.Select(_ => new double[scenes.Count]).ToArray();
        var refiner = new AffinityRefiner(affinity);
        using var bundle = DiffusionBundle.Load(model);
        var pipeline = new DiffusionPipeline(bundle);
        for (var i = 0; i < scenes.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var maps = Maps(
                HeldOutAttention.Capture(pipeline, scenes[i], AttentionPreset.FreeMask, new NoiseKey(seed, i, 0)),
                scenes[i],
                refiner
            );
            for (var m = 0; m < methods.Length; m++)
                scores[m][i] = HeldOutAttention.IoU(scenes[i], maps[methods[m].Map], methods[m].Options);
            if ((i + 1) % Said == 0) log(string.Create(CultureInfo.InvariantCulture, $"{i + 1} of {scenes.Count} images"));
        }

        return [.. methods.Select((method, m) => new RefinementResult(
            method.Name, scores[m].Average(), Bootstrap.Mean(scores[m], seed),
            HeldOutAttention.ByClass(scenes, scores[m])))];
    }

    private static Dictionary<Source, FloatMap> Maps(AttentionRecord record, HeldOutScene scene, AffinityRefiner refiner)
    {
        var spread = AttentionAggregator.Aggregate(record, AttentionPreset.FreeMask)[0];
        return new()
        {
            [Source.Coarse] = AttentionAggregator.Aggregate(record, AttentionPreset.FreeMask with { SelfPower = 0 })[0],
            [Source.SelfAttention] = spread,
            [Source.Affinity] = refiner.Refine(
                scene.Sample.Image,
                spread,
                AffinityRefiner.SelfAttention(record),
                VocClasses.Names[scene.ClassId]
            ),
        };
    }

    private static (string Name, Source Map, MaskOptions Options)[] Methods()
    {
        var own = new MaskOptions();
        var none = own with { Refinement = MaskRefinementMethod.None, ColorWeight = 0 };
        var (pamr, crf) = (none with { Refinement = MaskRefinementMethod.Pamr }, none with { Refinement = MaskRefinementMethod.DenseCrf });
        return
        [
            ("coarse", Source.Coarse, none),
            ("self-attention", Source.SelfAttention, none),
            ("affinity", Source.Affinity, none),
            ("pamr", Source.SelfAttention, pamr),
            ("crf", Source.SelfAttention, crf),
            ("affinity, pamr", Source.Affinity, pamr),
            ("affinity, crf", Source.Affinity, crf),
            ("own", Source.SelfAttention, own),
            ("affinity, own", Source.Affinity, own),
        ];
    }

    private enum Source
    {
        Coarse,
        SelfAttention,
        Affinity,
    }
}
