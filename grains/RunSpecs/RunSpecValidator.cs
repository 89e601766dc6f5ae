using System.Collections.Immutable;
using System.Globalization;
using FreeMask.Grains.Domain;
using FreeMask.Vision;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Grains.RunSpecs;

/// <summary>
/// Checks a specification without file access: each value against its row of <see cref="RunKeys"/>, and the values that depend on each
/// other.
/// </summary>
internal static class RunSpecValidator
{
    // Decoding needs about 1 KiB a pixel (two layers of 128 channels of 4 bytes); this limit is 256 GiB.
    private const long MostPixels = 1L << 28;

    /// <summary>Everything that is wrong, in the order of the run file; empty where the specification can be run.</summary>
    public static ImmutableArray<SpecProblem> Validate(RunSpec spec)
    {
        var values = RunKeys.All.SelectMany(key => key.Check(spec)).ToArray();
        // A value with an error of its own is reported once.
        var wrong = values.Select(problem => problem.Path).ToHashSet(StringComparer.Ordinal);
        var between = new List<SpecProblem>();
        Name(spec, between);
        Classes(spec, between);
        Source(spec, between);
        Prompts(spec, between);
        Batch(spec, between);
        Mask(spec, between);
        Composition(spec, between);
        Harmonization(spec, between);
        Scoring(spec, between);
        Start(spec, between);
        Real(spec.Training, between);
        Evaluation(spec, between);
        if (values.Length == 0 && between.Count == 0) JudgedDonors(spec, between);
        return [.. values.Concat(between.Where(problem => !wrong.Contains(problem.Path))).OrderBy(problem => Order(problem.Path))];
    }

    private static void Name(RunSpec spec, List<SpecProblem> problems)
    {
        if (spec.Name.Any(char.IsControl))
            problems.Add(new("name", "it has a line break or another control character; write it in one line"));
        else if (!spec.Name.Any(char.IsLetterOrDigit))
            problems.Add(new("name", "it has no letter or digit, which the id of the run is made from; add one"));
    }

    private static void Classes(RunSpec spec, List<SpecProblem> problems)
    {
        if (LabelsOf(spec, problems) is not { } labels) return;
        for (var i = 0; i < spec.Classes.Length; i++)
            if (labels.IndexOf(spec.Classes[i]) < 1)
                problems.Add(new($"classes[{i}]", $"the label set '{labels.Name}' has no class '{spec.Classes[i]}'; name one that it has"));
            else if (spec.Classes.IndexOf(spec.Classes[i]) != i)
                problems.Add(new($"classes[{i}]", $"'{spec.Classes[i]}' is named twice; name each class once"));
        if (!spec.Source.IsFolder && DrawingsOf(spec) < spec.Classes.Length)
            problems.Add(
                new(
                    "samplesPerRound",
                    string.Create(CultureInfo.InvariantCulture, $"{Drawings(spec)} are too few for {spec.Classes.Length} "
                        + $"classes; use at least one for each class")
                )
            );
    }

    /// <summary>Samples with an image of their own; a share that has an error of its own counts as none.</summary>
    private static int DrawingsOf(RunSpec spec) =>
        spec.Composition.BothShare is >= 0 and <= 1 ? SamplePlanner.DrawingsPerRound(spec) : spec.SamplesPerRound;

    /// <summary>Their number in words.</summary>
    private static string Drawings(RunSpec spec) =>
        DrawingsOf(spec) is var drawings && drawings == spec.SamplesPerRound
            ? string.Create(CultureInfo.InvariantCulture, $"{spec.SamplesPerRound} samples")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{drawings} images ({spec.SamplesPerRound} samples, {spec.SamplesPerRound - drawings} of them second uses by "
                    + $"composition.bothShare)"
            );

    private static LabelSet? LabelsOf(RunSpec spec, List<SpecProblem> problems)
    {
        try
        {
            return spec.LabelSet();
        }
        catch (FreeMaskException unknown)
        {
            problems.Add(new("labels", unknown.Message.TrimEnd('.')));
            return null;
        }
    }

    private static void Source(RunSpec spec, List<SpecProblem> problems)
    {
        var source = spec.Source;
        if (!source.IsFolder) return;
        if (source.Images.IsEmpty) problems.Add(new("source.path", "the folder has no image with a mask of one of the run's classes"));
        if (source.Images.Length != source.Classes.Length) problems.Add(new("source.path", "each image needs its class"));
        if (!source.Images.IsEmpty && (long)spec.Rounds * DrawingsOf(spec) > source.Images.Length)
        {
            problems.Add(
                new(
                    "samplesPerRound",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{spec.Rounds} x {Drawings(spec)} need more than the folder's {source.Images.Length} images; use at most "
                            + $"{SamplePlanner.SamplesOf(source.Images.Length / Math.Max(1, spec.Rounds), spec.Composition.BothShare)}"
                    )
                )
            );
        }
    }

    private static void Prompts(RunSpec spec, List<SpecProblem> problems)
    {
        var prompts = spec.Generation.Prompts;
        for (var i = 0; i < prompts.Length; i++)
        {
            var (path, template) = ($"generation.prompts[{i}]", prompts[i]);
            if (!PromptTemplate.NamesClass(template))
                problems.Add(new(path, $"'{template}' does not name the class; write {{class}} or {{a class}} where its words belong"));
            if (PromptTemplate.JoinedClass(template) is { } joined)
                problems.Add(
                    new(
                        path,
                        $"'{joined}' joins the class with letters or digits, so that its word does not occur in the prompt; write it as "
                            + "a word of its own"
                    )
                );
            if (PromptTemplate.UnknownPlaceholder(template) is { } unknown)
                problems.Add(new(path, $"{unknown} is not known; use {{class}}, {{a class}}, {{background}} or {{in background}}"));
        }

        if (!prompts.IsEmpty && SamplePlanner.UsableTemplates(spec).IsEmpty)
            problems.Add(
                new(
                    "generation.prompts",
                    "every template names a {background}, but the run has no backgrounds; add backgrounds or a template without"
                )
            );
    }

    private static void Batch(RunSpec spec, List<SpecProblem> problems)
    {
        // Sides and batches outside their ranges would overflow; their own checks report them.
        string[] factors = ["generation.width", "generation.height", "generation.batch"];
        if (
            spec.Generation is not { Width: { } width, Height: { } height, Batch: var batch }
            || factors.Any(path => RunKeys.Of(path).Check(spec).Any())
        )
            return;
        var pixels = (long)width * height;
        if (pixels * batch <= MostPixels) return;
        problems.Add(
            new(
                "generation.batch",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{batch} images of {width} x {height} in one batch need about {pixels * batch >> 20} GiB to decode; use at most "
                        + $"{Math.Max(1, MostPixels / pixels)}"
                )
            )
        );
    }

    private static void Mask(RunSpec spec, List<SpecProblem> problems)
    {
        var mask = spec.Mask;
        if (mask.MinArea >= mask.MaxArea) problems.Add(new("mask.minArea", "must be less than mask.maxArea, or every mask is rejected"));
        if (mask.Affinity is null != mask.AffinityHash is null)
            problems.Add(new("mask.affinity", "the model and its hash belong together; name both or none"));
    }

    private static void Composition(RunSpec spec, List<SpecProblem> problems)
    {
        var composition = spec.Composition;
        if (composition.Thesaurus is null != composition.ThesaurusHash is null
            || composition.Thesaurus is null != composition.ThesaurusCounts is null)
            problems.Add(
                new("composition.thesaurus", "the file, its hash and its counts belong together; name all of them or none"));
        if (composition is { BothShare: > 0, MaxObjects: <= 1 })
            problems.Add(
                new(
                    "composition.bothShare",
                    "images are used again with objects pasted in, and composition.maxObjects allows none; use at least 2, or leave one out"
                )
            );
        if (composition is { Donors: DonorChoices.Judged, MultiShare: 1 } && DrawingsOf(spec) == spec.SamplesPerRound)
            problems.Add(
                new("composition.donors", "judged donors are samples with one object: composition.multiShare must be less than 1"));
        if (composition.PlacementFolder is null != composition.PlacementHash is null)
            problems.Add(new("composition.placement", "the model's folder and its hash belong together; name both or none"));
        else if (composition.Placement is not "rules" && composition.PlacementFolder is null)
            problems.Add(new("composition.placement", "the folder of the model is missing"));
    }

    /// <summary>The model of a fold is trained on the samples with one object of the others, so that two folds need one.</summary>
    private static void JudgedDonors(RunSpec spec, List<SpecProblem> problems)
    {
        if (!spec.Composition.JudgesDonors || spec.Scoring.Segmenter is not null) return;
        var folds = Enumerable
            .Range(0, spec.SamplesPerRound)
            .Where(index => !SamplePlanner.TakesObjects(spec, 0, index, attempt: 0))
            .Select(index => SamplePlanner.FoldOf(spec, index))
            .Distinct()
            .Take(2)
            .Count();
        if (folds < 2)
            problems.Add(
                new(
                    "composition.donors",
                    "judged donors are scored by models that are trained on the samples with one object of the other folds, and fewer "
                        + "than two folds of the first round have one; use more samples in a round, or a smaller composition.multiShare"
                )
            );
    }

    private static void Harmonization(RunSpec spec, List<SpecProblem> problems)
    {
        var harmonization = spec.Harmonization;
        if (harmonization.ModelFolder is null != harmonization.ModelHash is null)
            problems.Add(new("harmonization.model", "the model's folder and its hash belong together; name both or none"));
        else if (harmonization.Model is not ("bundle" or "rule") && harmonization.ModelFolder is null)
            problems.Add(new("harmonization.model", "the folder of the model is missing"));
    }

    private static void Scoring(RunSpec spec, List<SpecProblem> problems)
    {
        var scoring = spec.Scoring;
        if (scoring.Segmenter is null && !scoring.ClassMap.IsEmpty)
            problems.Add(
                new("scoring.classMap", "it pairs the classes of 'scoring.segmenter', and none is named; name one, or leave the map out")
            );
        if (DrawingsOf(spec) < scoring.Folds)
            problems.Add(
                new(
                    "scoring.folds",
                    DrawingsOf(spec) == spec.SamplesPerRound
                        ? "there are fewer samples in a round than folds; use fewer folds"
                        : $"{Drawings(spec)} in a round are fewer than folds; use fewer folds"
                )
            );
    }

    private static void Start(RunSpec spec, List<SpecProblem> problems)
    {
        var training = spec.Training;
        if (training.Init is not ("bundle" or "backbone" or "none") && training.InitFolder is null)
            problems.Add(new("training.init", $"the weights of '{training.Init}' were not found; name their folder, or bundle or none"));
        else if (training.InitFolder is null != training.InitHash is null)
            problems.Add(new("training.init", "the folder of the weights and their hash belong together; name both or none"));
        const string BuiltIn = "it is for the built-in training, and 'trainer.command' is named; leave one out";
        if (spec.Trainer.IsExternal && training.Precision != new TrainingSpec().Precision)
            problems.Add(new("training.precision", BuiltIn));
        if (training.StartShare == 0) return;
        if (spec.Trainer.IsExternal) problems.Add(new("training.startShare", BuiltIn));
        else if (training.Init is "backbone" or "imagenet" or "none")
            problems.Add(
                new("training.startShare", $"'{training.Init}' is no segmenter to average with; start from one, such as bundle, or use 0")
            );
    }

    private static void Real(TrainingSpec training, List<SpecProblem> problems)
    {
        if (training.Real is null != training.RealHash is null)
            problems.Add(new("training.real", "the data set and its hash belong together; name both or none"));
        if (training.Real is not null) return;
        foreach (var (key, isNamed) in new[]
        {
            ("training.realPart", training.RealPart is not null),
            ("training.realShare", training.RealShare is not null),
            ("training.realClassMap", !training.RealClassMap.IsEmpty),
        })
            if (isNamed)
                problems.Add(new(key, "it is about the data set of 'training.real', and none is named; name one, or leave it out"));
    }

    private static void Evaluation(RunSpec spec, List<SpecProblem> problems)
    {
        var evaluation = spec.Evaluation;
        var isFolder = evaluation.Dataset is not ("heldout" or "none");
        foreach (var (key, isNamed) in new[]
        {
            ("evaluation.layout", evaluation.Layout is not null),
            ("evaluation.part", evaluation.Part is not null),
        })
            if (isNamed && !isFolder)
                problems.Add(
                    new(key, $"it is about a folder, and 'evaluation.dataset' is {evaluation.Dataset}; name a folder, or leave it out")
                );
        if (evaluation.Transfer is not null && evaluation.Dataset == "none")
            problems.Add(new("evaluation.transfer", "nothing is evaluated; name the first data set in 'evaluation.dataset'"));
        if (evaluation.Transfer is null && (evaluation.TransferPart is not null || !evaluation.TransferClassMap.IsEmpty))
            problems.Add(
                new(
                    evaluation.TransferPart is not null ? "evaluation.transferPart" : "evaluation.transferClassMap",
                    "it is about the data set of 'evaluation.transfer', and none is named; name one, or leave it out"
                )
            );
        if (evaluation.Protocol == EvaluationProtocol.All) return;
        if (evaluation.Dataset == "none")
            problems.Add(new("evaluation.protocol", "nothing is evaluated; name a data set in 'evaluation.dataset', or leave it out"));
        if (evaluation.Protocol == EvaluationProtocol.ZeroShot && spec.Training.Real is null)
            problems.Add(
                new(
                    "evaluation.protocol",
                    "zero-shot needs real images of the classes that are not made; name their folder in 'training.real'"
                )
            );
        try
        {
            if (problems.TrueForAll(problem => !problem.Path.StartsWith("classes", StringComparison.Ordinal) && problem.Path != "labels"))
                EvaluationProtocol.Of(evaluation.Protocol, spec.LabelSet(), spec.Classes);
        }
        catch (FreeMaskException impossible)
        {
            problems.Add(new("evaluation.protocol", impossible.Message.TrimEnd('.')));
        }
    }

    private static int Order(string path) => RunKeys.All.IndexOf(RunKeys.Of(KeyOf(path)));

    private static string KeyOf(string path) => path.Split('[')[0];
}
