using System.Globalization;
using System.Text.Json.Serialization;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Masking;

namespace FreeMask.Training.Mini.Evaluation;

/// <summary>One way to cut a map, measured.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Refinement">What is done along the image's edges and colors; <c>cleanUp</c> in JSON documents of version 1.</param>
/// <param name="IoU">Mean IoU with the true masks.</param>
/// <param name="Interval">95 % bootstrap interval over images.</param>
/// <param name="Classes">Mean IoU by class.</param>
internal sealed record ThresholdResult(
    string Method,
    [property: JsonPropertyName("cleanUp")] string Refinement,
    double IoU,
    ConfidenceInterval Interval,
    IReadOnlyDictionary<string, double> Classes
);

/// <summary>
/// The paper's first open question in the small: does a threshold per image pay? Fixed cuts, Otsu's, and the adaptive one of DiffuMask (Wu
/// et al., ICCV 2023), each on the same attention maps of held-out images with true masks: cut alone, with the dense CRF that DiffuMask
/// uses, and with this project's own refinement.
/// </summary>
internal static class ThresholdExperiment
{
    private const int ProgressInterval = 20;

    private static readonly float[] FixedThresholds = [0.3f, 0.4f, 0.5f, 0.6f, 0.7f];

    /// <summary>Runs all methods on the same maps.</summary>
    /// <param name="model">A bundle with a held-out set.</param>
    /// <param name="images">How many held-out images; 0 takes all.</param>
    /// <param name="seed">Names the noise and the bootstrap's draws.</param>
    /// <param name="log">Takes one line of progress at a time.</param>
    /// <param name="cancellation">Stops between images.</param>
    /// <exception cref="FreeMaskException">The bundle has no held-out set.</exception>
    public static IReadOnlyList<ThresholdResult> Run(
        string model,
        int images,
        ulong seed,
        Action<string> log,
        CancellationToken cancellation = default
    )
    {
        var scenes = Measure(model, images, seed, log, cancellation);
        return
        [
            .. MethodNames.Index().Select(method => Result(
                method.Item.Name,
                method.Item.Refinement,
                [.. scenes.Select(item => item.Scores[method.Index])]
            )),
        ];

        ThresholdResult Result(string name, string refinement, double[] scores) => new(
            name,
            refinement,
            scores.Average(),
            Bootstrap.Mean(scores, seed),
            HeldOutAttention.ByClass([.. scenes.Select(item => item.Scene)], scores)
        );
    }

    /// <summary>The names of the methods, in the order of the scores of <see cref="Measure"/>.</summary>
    internal static IReadOnlyList<(string Name, string Refinement)> MethodNames { get; } =
        [.. Methods().Select(method => (method.Name, method.Refinement))];

    /// <summary>The IoU of the mask of every method with the true mask, for every image.</summary>
    /// <param name="model">A bundle with a held-out set.</param>
    /// <param name="images">How many held-out images; 0 takes all.</param>
    /// <param name="seed">Names the noise.</param>
    /// <param name="log">Takes one line of progress at a time.</param>
    /// <param name="cancellation">Stops between images.</param>
    /// <exception cref="FreeMaskException">The bundle has no held-out set.</exception>
    internal static IReadOnlyList<(HeldOutScene Scene, double[] Scores)> Measure(
        string model,
        int images,
        ulong seed,
        Action<string> log,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(log);
        var scenes = HeldOutAttention.Scenes(model, images);
        var methods = Methods().ToArray();
        var measured = new List<(HeldOutScene, double[])>();
        using var bundle = DiffusionBundle.Load(model);
        var pipeline = new DiffusionPipeline(bundle);
        for (var i = 0; i < scenes.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var scene = scenes[i];
            var map = HeldOutAttention.Map(pipeline, scene, AttentionPreset.FreeMask, new NoiseKey(seed, i, 0));
            measured.Add((scene, [.. methods.Select(method => HeldOutAttention.IoU(scene, map, method.Options))]));
            if ((i + 1) % ProgressInterval == 0) log(string.Create(CultureInfo.InvariantCulture, $"{i + 1} of {scenes.Count} images"));
        }

        return measured;
    }

    private static IEnumerable<(string Name, string Refinement, MaskOptions Options)> Methods()
    {
        var own = new MaskOptions();
        (string Name, MaskOptions Options)[] refinements =
        [
            ("none", own with { Refinement = MaskRefinementMethod.None, ColorWeight = 0 }),
            ("crf", own with { Refinement = MaskRefinementMethod.DenseCrf, ColorWeight = 0 }),
            ("own", own),
        ];
        foreach (var (name, options) in refinements)
        {
            foreach (var cut in FixedThresholds)
                yield return (
                    string.Create(CultureInfo.InvariantCulture, $"fixed {cut:0.0}"),
                    name,
                    options with
                    {
                        Threshold = MaskThreshold.Fixed,
                        FixedThreshold = cut,
                    }
                );
            yield return ("otsu", name, options with { Threshold = MaskThreshold.Otsu });
            yield return ("adaptive", name, options with { Threshold = MaskThreshold.Adaptive });
        }
    }
}
