using System.Globalization;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Masking;

namespace FreeMask.Training.Mini.Evaluation;

/// <summary>One way to make a map of attention, measured.</summary>
/// <param name="Group">What varies: timesteps, layers or presets.</param>
/// <param name="Method">Its name within the group.</param>
/// <param name="Calls">U-Net calls that it takes for an image.</param>
/// <param name="IoU">Mean IoU with the true masks, by Otsu's threshold without refinement.</param>
/// <param name="Interval">Its 95 % bootstrap interval over images.</param>
/// <param name="Difference">Mean IoU minus that of the default preset.</param>
/// <param name="DifferenceInterval">Its 95 % bootstrap interval, over the same images in pairs.</param>
/// <param name="Refined">Mean IoU with the default refinement; NaN where it was not measured.</param>
/// <param name="Classes">Mean IoU by class, without refinement.</param>
internal sealed record AggregationResult(
    string Group,
    string Method,
    int Calls,
    double IoU,
    ConfidenceInterval Interval,
    double Difference,
    ConfidenceInterval DifferenceInterval,
    double Refined,
    IReadOnlyDictionary<string, double> Classes
);

/// <summary>
/// Which attention finds the object: at which timesteps, of which layers, by which preset? All on held-out images with true masks that are
/// noised again; averages over timesteps average the maps. Layers are compared at the default timestep, presets of others as averages over
/// all timesteps.
/// </summary>
internal static class AggregationExperiment
{
    /// <summary>The timesteps, from little to much noise.</summary>
    internal static IReadOnlyList<int> Timesteps { get; } = [50, 100, 200, 300, 400, 500, 700, 900];

    private const string TimestepGroup = "timesteps", LayerGroup = "layers", PresetGroup = "presets";
    private const int Said = 20;

    /// <summary>Measures every way on the same images.</summary>
    /// <param name="model">A bundle with a held-out set.</param>
    /// <param name="images">How many held-out images; 0 takes all.</param>
    /// <param name="seed">Names the noise and the draws of the intervals.</param>
    /// <param name="log">Takes one line of progress at a time.</param>
    /// <param name="cancellation">Stops between images.</param>
    /// <exception cref="FreeMaskException">The bundle has no held-out set.</exception>
    public static IReadOnlyList<AggregationResult> Run(
        string model, int images, ulong seed, Action<string> log, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(log);
        var scenes = HeldOutAttention.Scenes(model, images);
        var methods = Methods();
        var coarse = methods.Select(_ => new double[scenes.Count]).ToArray();
        var refined = methods.Select(_ => new double[scenes.Count]).ToArray();
        using var bundle = DiffusionBundle.Load(model);
        var pipeline = new DiffusionPipeline(bundle);
        var refinement = new MaskOptions();
        var none = refinement with { Refinement = MaskRefinementMethod.None, ColorWeight = 0 };
        for (var i = 0; i < scenes.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var records = Timesteps.ToDictionary(t => t, t => HeldOutAttention.Capture(
                pipeline, scenes[i], AttentionPreset.FreeMask with { RenoiseTimestep = t }, new NoiseKey(seed, i, 0)));
            for (var m = 0; m < methods.Length; m++)
            {
                var (group, _, timesteps, preset) = methods[m];
                var map = FloatMaps.Mean([.. timesteps.Select(t => AttentionAggregator.Aggregate(records[t], preset)[0])]);
                coarse[m][i] = HeldOutAttention.IoU(scenes[i], map, none);
                refined[m][i] = group == TimestepGroup ? HeldOutAttention.IoU(scenes[i], map, refinement) : double.NaN;
            }

            if ((i + 1) % Said == 0) log(string.Create(CultureInfo.InvariantCulture, $"{i + 1} of {scenes.Count} images"));
        }

        var standard = coarse[Array.FindIndex(methods, m => m.Timesteps.SequenceEqual([AttentionPreset.FreeMask.RenoiseTimestep!.Value]))];
        return [.. methods.Select((method, m) =>
        {
            double[] differences = [.. coarse[m].Zip(standard, (a, b) => a - b)];
            return new AggregationResult(
                method.Group,
                method.Name,
                method.Timesteps.Length,
                coarse[m].Average(),
                Bootstrap.Mean(coarse[m], seed),
                differences.Average(),
                Bootstrap.Mean(differences, seed),
                refined[m].Average(),
                HeldOutAttention.ByClass(scenes, coarse[m])
            );
        })];
    }

    private static (string Group, string Name, int[] Timesteps, AttentionPreset Preset)[] Methods()
    {
        var own = AttentionPreset.FreeMask;
        int[] one = [own.RenoiseTimestep!.Value], all = [.. Timesteps];
        IReadOnlyList<UNetPart> parts = [UNetPart.Down, UNetPart.Middle, UNetPart.Up];
        return
        [
            .. Timesteps.Select(t => (TimestepGroup, string.Create(CultureInfo.InvariantCulture, $"t = {t}"), new[] { t }, own)),
            (TimestepGroup, "mean of 50 to 200", [50, 100, 200], own),
            (TimestepGroup, "mean of 100 to 400", [100, 200, 300, 400], own),
            (TimestepGroup, "mean of all", all, own),
            (LayerGroup, "all layers", one, own with { Parts = parts, LastLayerOfEachSide = false }),
            (LayerGroup, "down", one, own with { Parts = [UNetPart.Down] }),
            (LayerGroup, "middle", one, own with { Parts = [UNetPart.Middle] }),
            (LayerGroup, "up, finest resolution", one, own with { Resolutions = 1 }),
            (LayerGroup, "no self-attention", one, own with { SelfPower = 0 }),
            (LayerGroup, "self-attention twice", one, own with { SelfPower = 2 }),
            (PresetGroup, "mean (paper)", all, AttentionPreset.Mean),
            (PresetGroup, "DAAM", all, AttentionPreset.Daam),
            (PresetGroup, "DiffuMask", all, AttentionPreset.DiffuMask),
            (PresetGroup, "Dataset Diffusion", all, AttentionPreset.DatasetDiffusion),
        ];
    }
}
