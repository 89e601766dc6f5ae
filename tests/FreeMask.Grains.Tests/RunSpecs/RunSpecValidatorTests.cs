using FreeMask.GrainInterfaces;
using FreeMask.Grains.RunSpecs;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.RunSpecs;

public sealed class RunSpecValidatorTests
{
    public static TheoryData<string, RunSpec> Broken =>
        new()
        {
            { "name", Specs.Small with { Name = " " } },
            { "classes", Specs.Small with { Classes = [] } },
            { "classes[1]", Specs.Small with { Classes = ["cat", "unicorn"] } },
            { "classes[1]", Specs.Small with { Classes = ["cat", "cat"] } },
            { "name", Specs.Small with { Name = "two\nlines" } },
            {
                "generation.batch",
                Specs.Small with
                {
                    Generation = new GenerationSpec
                    {
                        Width = 4096,
                        Height = 4096,
                        Batch = 17,
                    },
                }
            },
            { "scoring.classMap", Specs.Small with { Scoring = new ScoringSpec { ClassMap = ["kitten=cat"] } } },
            { "name", Specs.Small with { Name = new string('a', 61) } },
            { "name", Specs.Small with { Name = "!" } },
            { "backgrounds[0]", Specs.Small with { Backgrounds = [""] } },
            { "rounds", Specs.Small with { Rounds = 0 } },
            { "samplesPerRound", Specs.Small with { SamplesPerRound = 2 } },
            { "keepRatio", Specs.Small with { KeepRatio = double.NaN } },
            { "generation.steps", Specs.Small with { Generation = new GenerationSpec { Steps = 0 } } },
            { "generation.guidance", Specs.Small with { Generation = new GenerationSpec { Guidance = double.NaN } } },
            { "generation.scheduler", Specs.Small with { Generation = new GenerationSpec { Scheduler = "magic" } } },
            { "generation.width", Specs.Small with { Generation = new GenerationSpec { Width = 130 } } },
            { "generation.prompts", Specs.Small with { Generation = new GenerationSpec { Prompts = [] } } },
            { "generation.prompts[1]", Specs.Small with { Generation = new GenerationSpec { Prompts = ["{class}", " "] } } },
            { "generation.prompts[0]", Specs.Small with { Generation = new GenerationSpec { Prompts = ["a photo"] } } },
            { "generation.prompts[0]", Specs.Small with { Generation = new GenerationSpec { Prompts = ["{class} {place}"] } } },
            {
                "generation.prompts",
                Specs.Small with
                {
                    Backgrounds = [],
                    Generation = new GenerationSpec { Prompts = ["{class} in {background}"] },
                }
            },
            { "mask.preset", Specs.Small with { Mask = new MaskSpec { Preset = "best" } } },
            { "mask.threshold", Specs.Small with { Mask = new MaskSpec { Threshold = 1 } } },
            { "mask.affinity", Specs.Small with { Mask = new MaskSpec { Affinity = "/models/affinity" } } },
            {
                "mask.minArea",
                Specs.Small with
                {
                    Mask = new MaskSpec { MinArea = 0.9, MaxArea = 0.5 },
                }
            },
            { "harmonization.model", Specs.Small with { Harmonization = new HarmonizationSpec { Model = "/models/colors" } } },
            { "harmonization.model", Specs.Small with { Harmonization = new HarmonizationSpec { ModelFolder = "/models/colors" } } },
            { "harmonization.sharpness", Specs.Small with { Harmonization = new HarmonizationSpec { Sharpness = "more" } } },
            { "composition.placement", Specs.Small with { Composition = new CompositionSpec { Placement = "/models/places" } } },
            { "composition.placement", Specs.Small with { Composition = new CompositionSpec { PlacementFolder = "/models/places" } } },
            { "composition.multiShare", Specs.Small with { Composition = new CompositionSpec { MultiShare = 2 } } },
            { "composition.bothShare", Specs.Small with { Composition = new CompositionSpec { BothShare = 1.5 } } },
            { "composition.bothShare", Specs.Small with { Composition = new CompositionSpec { BothShare = -1 } } },
            { "composition.bothShare", Specs.Small with { Composition = new CompositionSpec { BothShare = 0.5, MaxObjects = 1 } } },
            { "samplesPerRound", Specs.Small with { SamplesPerRound = 4, Composition = new CompositionSpec { BothShare = 1 } } },
            {
                "scoring.folds",
                Specs.Small with { Composition = new CompositionSpec { BothShare = 1 }, Scoring = new ScoringSpec { Folds = 16 } }
            },
            { "composition.donors", Specs.Small with { Composition = new CompositionSpec { Donors = "judged", MultiShare = 1 } } },
            // No sample of the first round keeps its object alone.
            {
                "composition.donors",
                Specs.Small with
                {
                    SamplesPerRound = 6,
                    Composition = new CompositionSpec { Donors = "judged", MultiShare = 0.9999 },
                }
            },
            { "scoring.folds", Specs.Small with { Scoring = new ScoringSpec { Folds = 1 } } },
            { "training.init", Specs.Small with { Training = new TrainingSpec { Init = "imagenet" } } },
            { "training.learningRate", Specs.Small with { Training = new TrainingSpec { LearningRate = 0 } } },
            { "evaluation.dataset", Specs.Small with { Evaluation = new EvaluationSpec { Dataset = "" } } },
            { "evaluation.part", Specs.Small with { Evaluation = new EvaluationSpec { Part = "val" } } },
            { "evaluation.layout", Specs.Small with { Evaluation = new EvaluationSpec { Layout = "coco" } } },
            { "evaluation.layout", Specs.Small with { Evaluation = new EvaluationSpec { Dataset = "/d", Layout = "png" } } },
            { "evaluation.protocol", Specs.Small with { Evaluation = new EvaluationSpec { Protocol = "some" } } },
            { "evaluation.protocol", Specs.Small with { Evaluation = new EvaluationSpec { Protocol = "zero-shot" } } },
            { "evaluation.protocol", Specs.Small with { Evaluation = new EvaluationSpec { Protocol = "classes", Dataset = "none" } } },
            {
                "evaluation.protocol",
                Specs.Small with { Labels = "own", Evaluation = new EvaluationSpec { Protocol = "human-vehicle" } }
            },
            { "evaluation.transfer", Specs.Small with { Evaluation = new EvaluationSpec { Dataset = "none", Transfer = "/d" } } },
            { "evaluation.transferPart", Specs.Small with { Evaluation = new EvaluationSpec { TransferPart = "val" } } },
            { "evaluation.transferClassMap", Specs.Small with { Evaluation = new EvaluationSpec { TransferClassMap = ["a=cat"] } } },
            { "training.realShare", Specs.Small with { Training = new TrainingSpec { RealShare = 0.5 } } },
            { "training.realShare", Specs.Small with { Training = new TrainingSpec { Real = "/d", RealHash = "da", RealShare = 2 } } },
            { "training.realPart", Specs.Small with { Training = new TrainingSpec { RealPart = "train" } } },
            { "training.realClassMap", Specs.Small with { Training = new TrainingSpec { RealClassMap = ["a=cat"] } } },
            { "training.real", Specs.Small with { Training = new TrainingSpec { Real = "/d" } } },
            { "training.startShare", Specs.Small with { Training = new TrainingSpec { StartShare = 1 } } },
            { "training.startShare", Specs.Small with { Training = new TrainingSpec { Init = "none", StartShare = 0.5 } } },
            {
                "training.startShare",
                Specs.Small with { Training = new TrainingSpec { StartShare = 0.5 }, Trainer = new TrainerSpec { Command = ["t"] } }
            },
            { "training.precision", Specs.Small with { Training = new TrainingSpec { Precision = "fp16" } } },
            {
                "training.precision",
                Specs.Small with { Training = new TrainingSpec { Precision = "bf16" }, Trainer = new TrainerSpec { Command = ["t"] } }
            },
            { "preset", Specs.Small with { Preset = "mine" } },
            { "execution.maxAttempts", Specs.Small with { Execution = new ExecutionSpec { MaxAttempts = 0 } } },
        };

    [Fact]
    public void A_sound_specification_has_no_problems() => Assert.Empty(RunSpecValidator.Validate(Specs.Small));

    [Fact]
    public void Drawings_that_are_used_twice_are_singles_that_can_be_judged() =>
        Assert.Empty(
            RunSpecValidator.Validate(
                Specs.Small with { Composition = new CompositionSpec { Donors = "judged", MultiShare = 1, BothShare = 0.5 } }
            )
        );

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public void A_problem_is_named_by_its_path(string path, RunSpec spec) =>
        Assert.Equal(path, Assert.Single(RunSpecValidator.Validate(spec)).Path);
}
