using System.Globalization;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;

namespace FreeMask.Cli.Runs;

/// <summary>What a run comes to: <c>run --check</c> shows it.</summary>
/// <param name="Samples">Samples of all rounds.</param>
/// <param name="SecondUses">Those of them that use the image of another sample again.</param>
/// <param name="UNetEvaluations">Evaluations of the U-Net, without those of rejected masks; 0 where nothing is generated.</param>
/// <param name="TrainingSteps">Optimizer steps, of the models of folds and of the segmenters.</param>
/// <param name="Phases">What each round does, in order.</param>
/// <param name="Bytes">Estimated size of the artifacts.</param>
/// <param name="GeneratingSeconds">Estimated time of generating the images on this machine; null where it was not measured.</param>
/// <param name="TrainingSeconds">Estimated time of all trainings on this machine; null where it was not measured.</param>
/// <param name="Results">The folder that gets the data set, the segmenter and the report.</param>
internal sealed record RunPlan(
    long Samples,
    long SecondUses,
    long UNetEvaluations,
    long TrainingSteps,
    IReadOnlyList<string> Phases,
    long Bytes,
    double? GeneratingSeconds,
    double? TrainingSeconds,
    string Results
)
{
    // Measured with the bundle that ships, and with Stable Diffusion at 512 x 512: most of it is attention, the rest are images.
    private const long BytesPerPixel = 11;

    // Measured too: a composite, a final image and their maps; image and attention are those of the drawing.
    private const long BytesPerPixelAgain = 4;

    /// <summary>The plan of a run.</summary>
    /// <param name="spec">A valid run.</param>
    /// <param name="bundles">For the image size of a bundle.</param>
    /// <param name="results">The folder of its results.</param>
    internal static RunPlan Of(RunSpec spec, BundleCatalog bundles, string results)
    {
        var samples = (long)spec.Rounds * spec.SamplesPerRound;
        var drawings = (long)spec.Rounds * SamplePlanner.DrawingsPerRound(spec);
        // Guidance takes a second evaluation, and the attention of the finished image one more.
        var evaluations = spec.Source.IsFolder ? 0 : drawings * ((spec.Generation.Steps * (spec.Generation.Guidance > 1 ? 2L : 1L)) + 1);
        var folds = spec.Scoring.Segmenter is null ? (long)spec.Scoring.Folds * (spec.Scoring.FoldSteps ?? spec.Training.Steps) : 0;
        return new(
            samples,
            samples - drawings,
            evaluations,
            folds + ((long)spec.Rounds * spec.Training.Steps),
            [.. PhasesOf(spec)],
            BytesOf(spec, bundles),
            null,
            null,
            results
        );
    }

    /// <summary>The estimated size of a run's artifacts.</summary>
    internal static long BytesOf(RunSpec spec, BundleCatalog bundles)
    {
        var side = bundles.DefaultImageSide(spec.Model);
        var pixels = (long)(spec.Generation.Width ?? side) * (spec.Generation.Height ?? side);
        var second = SamplePlanner.SecondUsesPerRound(spec);
        return pixels * spec.Rounds * ((BytesPerPixel * (spec.SamplesPerRound - second)) + (BytesPerPixelAgain * second));
    }

    /// <summary>The plan as lines of text.</summary>
    internal IEnumerable<string> Lines(int rounds)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{Samples} samples in {rounds} round{(rounds == 1 ? "" : "s")}, {Again}about {ByteSize.Megabytes(Bytes)} on disk."
        );
        if (UNetEvaluations > 0)
        {
            var evaluations = string.Create(CultureInfo.InvariantCulture, $"{UNetEvaluations:#,0} evaluations of the U-Net");
            yield return $"generating {evaluations}{Time(GeneratingSeconds)}";
        }

        yield return $"training   {TrainingSteps.ToString("#,0", CultureInfo.InvariantCulture)} steps{Time(TrainingSeconds)}";
        yield return $"rounds     {string.Join(", ", Phases)}";
        yield return $"results    {Results}";
    }

    private string Again =>
        SecondUses == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{SecondUses} of them second uses of images, ");

    private static string Time(double? seconds) =>
        seconds is { } known ? $", {StatusFormatter.About(TimeSpan.FromSeconds(known))}" : "";

    private static IEnumerable<string> PhasesOf(RunSpec spec)
    {
        yield return spec.Source.IsFolder ? "read images and masks" : "generate, mask";
        var compose = spec.Harmonization.Enabled ? "compose, harmonize" : "compose";
        if (!spec.Composition.JudgesDonors) yield return compose;
        if (spec.Scoring.Segmenter is null) yield return $"train {spec.Scoring.Folds} models of folds (first round)";
        if (spec.Composition.JudgesDonors) yield return $"score samples of one object, {compose} the others with the best";
        yield return "score, select";
        yield return spec.Trainer.IsExternal ? $"train by {spec.Trainer.Command[0]}" : "train";
        if (spec.Evaluation.Dataset != "none") yield return "evaluate";
    }
}
