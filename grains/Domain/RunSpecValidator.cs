using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using FreeMask.Vision;

namespace FreeMask.Grains.Domain;

/// <summary>Checks a specification without looking at any file or model.</summary>
public static class RunSpecValidator
{
    // Decoding holds about 1 KiB a pixel (two layers of 128 channels of 4 bytes): 256 GiB, more than any device has.
    private const long MostPixels = 1L << 28;

    /// <summary>Everything that is wrong, in the order of the run file; empty where it can be run.</summary>
    public static ImmutableArray<SpecProblem> Validate(RunSpec spec)
    {
        var check = new Checks();
        Run(spec, check);
        Generation(spec, check);
        Stages(spec, check);
        Judging(spec, check);
        return check.ToImmutable();
    }

    private static void Run(RunSpec spec, Checks check)
    {
        check.That(!string.IsNullOrWhiteSpace(spec.Name), "name", "give the run a name");
        check.That(!spec.Name.Any(char.IsControl), "name", "it has a line break or another control character; write it in one line");
        check.That(!spec.Classes.IsEmpty, "classes", $"name at least one of: {string.Join(", ", VocClasses.Names.Skip(1))}");
        for (var i = 0; i < spec.Classes.Length; i++)
        {
            var known = VocClasses.IndexOf(spec.Classes[i]) > 0;
            check.That(known, $"classes[{i}]", $"'{spec.Classes[i]}' is not a class; the classes are {string.Join(", ", VocClasses.Names.Skip(1))}");
            check.That(spec.Classes.IndexOf(spec.Classes[i]) == i, $"classes[{i}]", $"'{spec.Classes[i]}' is named twice; name each class once");
        }

        for (var i = 0; i < spec.Backgrounds.Length; i++)
            check.That(!string.IsNullOrWhiteSpace(spec.Backgrounds[i]), $"backgrounds[{i}]", "a background needs words; remove the empty one");
        check.Within(spec.Rounds, 1, 1000, "rounds");
        check.Within(spec.SamplesPerRound, spec.Source.IsFolder ? 1 : Math.Max(1, spec.Classes.Length), 10_000_000, "samplesPerRound");
        Source(spec, check);
        check.That(spec.KeepRatio is > 0 and <= 1, "keepRatio", $"{Text(spec.KeepRatio)} is not in (0, 1]; 0.7 keeps the best 70 % of each class");
        check.That(!string.IsNullOrWhiteSpace(spec.Model), "model", "name a model bundle, such as mini, or its folder");
    }

    private static void Source(RunSpec spec, Checks check)
    {
        var source = spec.Source;
        check.OneOf(source.Kind, SpecVocabulary.Sources, "source.kind");
        if (!source.IsFolder) return;
        check.That(!source.Images.IsEmpty, "source.path", "the folder has no image with a mask of one of the run's classes");
        check.That(source.Images.Length == source.Classes.Length, "source.path", "each image needs its class");
        var wanted = (long)spec.Rounds * spec.SamplesPerRound;
        check.That(source.Images.IsEmpty || wanted <= source.Images.Length, "samplesPerRound", string.Create(CultureInfo.InvariantCulture,
            $"{spec.Rounds} x {spec.SamplesPerRound} samples need more than the folder's {source.Images.Length} images; use at most {source.Images.Length / Math.Max(1, spec.Rounds)}"));
    }

    private static void Generation(RunSpec spec, Checks check)
    {
        var generation = spec.Generation;
        check.Within(generation.Steps, 1, 1000, "generation.steps");
        check.Within(generation.Guidance, 0, 50, "generation.guidance");
        if (generation.Scheduler is { } scheduler) check.OneOf(scheduler, SpecVocabulary.Schedulers, "generation.scheduler");
        Side(generation.Width, "generation.width", check);
        Side(generation.Height, "generation.height", check);
        check.That(!generation.Prompts.IsEmpty, "generation.prompts", "give at least one template, such as 'a photo of {a class}'");
        for (var i = 0; i < generation.Prompts.Length; i++)
        {
            var template = generation.Prompts[i];
            check.That(PromptTemplate.NamesClass(template), $"generation.prompts[{i}]", $"'{template}' does not name the class; write {{class}} or {{a class}} where its words belong");
            if (PromptTemplate.JoinedClass(template) is { } joined)
                check.That(false, $"generation.prompts[{i}]", $"'{joined}' joins the class with letters or digits, so that its word does not occur in the prompt; write it as a word of its own");
            if (PromptTemplate.UnknownPlaceholder(template) is { } unknown)
                check.That(false, $"generation.prompts[{i}]", $"{unknown} is not known; use {{class}}, {{a class}}, {{background}} or {{in background}}");
        }

        check.That(generation.Prompts.IsEmpty || !SamplePlanner.UsableTemplates(spec).IsEmpty, "generation.prompts",
            "every template names a {background}, but the run has no backgrounds; add backgrounds or a template without");
        check.Within(generation.Batch, 1, 256, "generation.batch");
        if (generation is { Width: { } width, Height: { } height } && width is > 0 and <= 4096 && height is > 0 and <= 4096 && generation.Batch is > 0 and <= 256)
            check.That((long)width * height * generation.Batch <= MostPixels, "generation.batch", string.Create(CultureInfo.InvariantCulture,
                $"{generation.Batch} pictures of {width} x {height} in one batch need about {(long)width * height * generation.Batch >> 20} GiB to decode; use at most {Math.Max(1, MostPixels / ((long)width * height))}"));
    }

    private static void Side(int? side, string path, Checks check)
    {
        if (side is not { } pixels) return;
        check.Within(pixels, 64, 4096, path);
        check.That(pixels % 8 == 0, path, $"{pixels} is not a multiple of 8; use {Math.Max(64, pixels / 8 * 8)}");
    }

    private static void Stages(RunSpec spec, Checks check)
    {
        var mask = spec.Mask;
        check.OneOf(mask.Preset, SpecVocabulary.MaskPresets, "mask.preset");
        check.OneOf(mask.Cleanup, SpecVocabulary.Cleanups, "mask.cleanup");
        if (mask.Threshold is { } threshold) check.That(threshold is > 0 and < 1, "mask.threshold", $"{Text(threshold)} is not in (0, 1); leave it out to choose one per image");
        check.Within(mask.IgnoreBand, 0, 0.5, "mask.ignoreBand");
        check.Within(mask.MinArea, 0, 1, "mask.minArea");
        check.Within(mask.MaxArea, 0, 1, "mask.maxArea");
        check.That(mask.MinArea < mask.MaxArea, "mask.minArea", "must be less than mask.maxArea, or every mask is rejected");
        check.Within(mask.MinConfidence, 0, 1, "mask.minConfidence");
        check.Within(mask.Batch, 1, 256, "mask.batch");
        check.That(mask.Affinity is null == mask.AffinityHash is null, "mask.affinity", "the model and its hash belong together; name both or none");
        check.Within(spec.Composition.MultiShare, 0, 1, "composition.multiShare");
        check.Within(spec.Composition.MaxObjects, 1, 20, "composition.maxObjects");
        check.Within(spec.Composition.ThesaurusThreshold, 0, 1, "composition.thesaurusThreshold");
        check.Within(spec.Harmonization.Strength, 0, 1, "harmonization.strength");
    }

    private static void Judging(RunSpec spec, Checks check)
    {
        check.Within(spec.Scoring.Folds, 2, 20, "scoring.folds");
        check.That(spec.SamplesPerRound >= spec.Scoring.Folds, "scoring.folds", "there are fewer samples in a round than folds; use fewer folds");
        if (spec.Scoring.FoldSteps is { } foldSteps) check.Within(foldSteps, 1, 10_000_000, "scoring.foldSteps");
        check.Within(spec.Scoring.Batch, 1, 256, "scoring.batch");
        check.That(spec.Scoring.Segmenter is not null || spec.Scoring.ClassMap.IsEmpty, "scoring.classMap", "it pairs the classes of 'scoring.segmenter', and none is named; name one, or leave the map out");
        check.Within(spec.Training.Steps, 1, 10_000_000, "training.steps");
        check.Within(spec.Training.Batch, 1, 1024, "training.batch");
        check.That(spec.Training.LearningRate is > 0 and <= 1, "training.learningRate", $"{Text(spec.Training.LearningRate)} is not in (0, 1]");
        check.OneOf(spec.Training.Init, SpecVocabulary.Inits, "training.init");
        check.Within(spec.Training.CheckpointSteps, 1, 10_000_000, "training.checkpointSteps");
        check.That(!string.IsNullOrWhiteSpace(spec.Evaluation.Dataset), "evaluation.dataset", "write heldout, none, or the folder of a data set");
        check.Within(spec.Execution.MaxAttempts, 1, 100, "execution.maxAttempts");
        check.Within(spec.Execution.Window, 0, 100_000, "execution.window");
        check.Within(spec.Execution.ShardSize, 1, 10_000, "execution.shardSize");
        check.Within(spec.Execution.TrainingThreads, 1, 1024, "execution.trainingThreads");
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private sealed class Checks
    {
        private readonly ImmutableArray<SpecProblem>.Builder _problems = ImmutableArray.CreateBuilder<SpecProblem>();

        public void That(bool holds, string path, string message)
        {
            if (!holds) _problems.Add(new SpecProblem(path, message));
        }

        // NaN compares false with everything, so it is outside every range.
        public void Within<T>(T value, T low, T high, string path) where T : INumber<T> => That(
            value >= low && value <= high, path,
            string.Create(CultureInfo.InvariantCulture, $"{value} is outside {low} to {high}"));

        public void OneOf(string value, ImmutableArray<string> known, string path) =>
            That(known.Contains(value), path, $"'{value}' is not known; use one of {string.Join(", ", known)}");

        public ImmutableArray<SpecProblem> ToImmutable() => _problems.ToImmutable();
    }
}
