using System.Text.Json;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Hub;
using FreeMask.Cli.RunFiles;
using FreeMask.Diffusion.Inspection;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Vision;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Thesaurus;
using Xunit;

namespace FreeMask.Cli.Tests.RunFiles;

public sealed class RunFileTests
{
    private static string[] Problems(string text) =>
        [.. Assert.Throws<RunFileException>(() => RunFile.Parse(text, "a.yaml", Resolver.Instance)).Message.Split('\n')];

    [Fact]
    public void Only_the_classes_are_required_and_everything_else_has_the_defaults_of_the_specification()
    {
        var spec = RunFile.Parse("classes: [cat, dog]\n", "some/where/pets.yaml", Resolver.Instance);

        var expected = new RunSpec { Name = "pets", Classes = ["cat", "dog"] };
        Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(spec));
    }

    [Fact]
    public void All_stands_for_the_twenty_classes()
    {
        var spec = RunFile.Parse("classes: all\nsamplesPerRound: 40\n", "a.yaml", Resolver.Instance);

        Assert.Equal(VocClasses.Names.Skip(1), spec.Classes);
    }

    [Fact]
    public void Every_problem_is_reported_at_once_in_the_order_of_the_lines()
    {
        const string Text = """
            name: bad
            classes: [cat, doge, zebra]
            rouns: 3
            samplesPerRound: many
            keepRatio: 1.5
            model: minni
            generation:
              steps: 0
              scheduler: ddimm
              prompts:
                - a photo of {background}
                - a {class}
              width: 130
            mask: 3
            training: { stepz: 5 }
            evaluation:
              dataset: nowhere
            """;

        Assert.Equal(
            [
                "a.yaml:2:16: unknown class 'doge'. Did you mean 'dog'? For classes of your own write 'labels: own', or name their "
                    + "label set.",
                "a.yaml:2:22: unknown class 'zebra'. For classes of your own write 'labels: own', or name their label set.",
                "a.yaml:3:1: unknown key 'rouns'. Did you mean 'rounds'?",
                "a.yaml:4:18: 'samplesPerRound' must be a whole number, but it is 'many'. Write for example 'samplesPerRound: 40'.",
                "a.yaml:5:12: 'keepRatio': 1.5 is not in (0, 1]; 0.7 keeps the best 70 % of each class.",
                "a.yaml:6:8: unknown model bundle 'minni': neither a bundle that ships (mini) nor a folder with a model_index.json. Did "
                    + "you mean 'mini'?",
                "a.yaml:8:10: 'generation.steps': 0 is outside 1 to 1000.",
                "a.yaml:9:14: 'generation.scheduler' must be one of ddim, pndm, euler, euler-ancestral, dpm++2m, dpm++2m-karras, lcm, "
                    + "unipc, deis, heun, lms, tcd, but it is 'ddimm'. Did you mean 'ddim'?",
                "a.yaml:11:7: 'generation.prompts[0]': 'a photo of {background}' does not name the class; write {class} or {a class} "
                    + "where its words belong.",
                "a.yaml:13:10: 'generation.width': 130 is not a multiple of 8; use 128.",
                "a.yaml:14:7: 'mask' must be a group of indented keys, but it is '3'.",
                "a.yaml:15:13: unknown key 'stepz' in 'training'. Did you mean 'steps'?",
                "a.yaml:17:12: 'evaluation.dataset' is 'nowhere', and there is no such folder. Name a data set in a layout of voc, coco, "
                    + "cityscapes, ade20k. Or write 'heldout' for the one that the bundle ships, or 'none'.",
            ],
            Problems(Text)
        );
    }

    [Theory]
    [InlineData("", "a.yaml:1:1: the file is empty. A run file needs at least 'classes: [cat, dog]'.")]
    [InlineData(
        "classes: [cat]\ncomposition:\n  : 0.5\n  maxObjects: 3\n",
        "a.yaml:5:2: this is no valid YAML: there is no key before a ':' above. Check indentation, colons and brackets here."
    )]
    [InlineData("- cat\n", "a.yaml:1:1: a run file is one group of 'key: value' lines, such as 'classes: [cat, dog]'.")]
    [InlineData(
        "rounds: 2\n",
        "a.yaml:1:1: 'classes' is missing. Name at least one of PASCAL VOC's 20 classes, such as 'classes: [cat, dog]', or write "
            + "'classes: all'."
    )]
    [InlineData(
        "classes: [cat]\nsamplesPerRound: 1\n",
        "a.yaml:1:1: 'scoring.folds': there are fewer samples in a round than folds; use fewer folds."
    )]
    [InlineData(
        "classes: [cat]\nname: \"a\\nb\"\n",
        "a.yaml:2:7: 'name': it has a line break or another control character; write it in one line."
    )]
    [InlineData(
        "classes: [cat]\nmodel: \"mini\\0\"\n",
        "a.yaml:2:8: 'model' holds U+0000, a character that no name, path or prompt has; remove it."
    )]
    [InlineData("classes: [cat]\nbackgrounds: [null]\n", "a.yaml:2:15: every entry of 'backgrounds' must be text, but it is empty.")]
    [InlineData(
        "classes: [cat]\nrounds: null\n",
        "a.yaml:2:9: 'rounds' must be a whole number, but it is empty. Write for example 'rounds: 2'."
    )]
    [InlineData(
        "classes: [cat]\nscoring: { classMap: [a=cat] }\n",
        "a.yaml:2:22: 'scoring.classMap': it pairs the classes of 'scoring.segmenter', and none is named; name one, or leave the map out."
    )]
    [InlineData(
        "classes: [cat]\nsource: { list: train }\n",
        "a.yaml:2:17: 'source.list' is for sources of kind folder; write 'kind: folder', or leave the list out."
    )]
    [InlineData(
        "classes: [cat]\ngeneration: { width: 4096, height: 4096, batch: 256 }\n",
        "a.yaml:2:49: 'generation.batch': 256 images of 4096 x 4096 in one batch need about 4096 GiB to decode; use at most 16."
    )]
    [InlineData("classes: [cat, Cat]\n", "a.yaml:1:16: 'classes[1]': 'cat' is named twice; name each class once.")]
    [InlineData(
        "classes: [background]\n",
        "a.yaml:1:11: 'background' is no class that can be made; it is what lies around the objects. Leave it out."
    )]
    [InlineData("classes: [cat]\nseed: -1\n", "a.yaml:2:7: 'seed' must be a whole number from 0 to 18446744073709551615, but it is '-1'.")]
    [InlineData(
        "classes: [cat]\nsource: { kind: folder, path: nowhere }\n",
        "a.yaml:2:31: 'source.path' is 'nowhere', but no such folder holds JPEGImages and SegmentationClass. Name a data set in PASCAL "
            + "VOC layout."
    )]
    [InlineData(
        "classes: [cat]\nscoring: { segmenter: nowhere }\n",
        "a.yaml:2:23: 'scoring.segmenter' is 'nowhere', but no such folder holds model.onnx and card.json."
    )]
    [InlineData(
        "classes: [cat]\nsource: { kind: folder, path: pictures }\nsamplesPerRound: 9\n",
        "a.yaml:3:18: 'samplesPerRound': 2 x 9 samples need more than the folder's 4 images; use at most 2."
    )]
    [InlineData(
        "classes: [cat]\nharmonization: { enabled: maybe }\n",
        "a.yaml:2:27: 'harmonization.enabled' must be true or false, but it is 'maybe'."
    )]
    [InlineData(
        "classes: [cat]\nmask: { minArea: 0.5, maxArea: 0.2 }\n",
        "a.yaml:2:18: 'mask.minArea': must be less than mask.maxArea, or every mask is rejected."
    )]
    [InlineData(
        "classes: [cat]\ngeneration: { prompts: 'a {class} in {background}' }\n",
        "a.yaml:2:24: 'generation.prompts': every template names a {background}, but the run has no backgrounds; add backgrounds or a "
            + "template without."
    )]
    public void One_problem_says_where_it_is_and_what_to_do(string text, string expected) => Assert.Equal([expected], Problems(text));

    [Theory]
    [InlineData("classes: [cat\nrounds: 2\n", 2)]
    [InlineData("classes: [cat]\nclasses: [dog]\n", 2)]
    [InlineData("classes: [cat]\n\trounds: 2\n", 2)]
    public void Text_that_is_no_yaml_is_reported_where_it_breaks(string text, int line)
    {
        var problem = Assert.Single(Assert.Throws<RunFileException>(() => RunFile.Parse(text, "a.yaml", Resolver.Instance)).Problems);

        Assert.Equal(line, problem.Line);
        Assert.StartsWith("this is no valid YAML: ", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_specification_survives_being_written_and_read()
    {
        var spec = new RunSpec
        {
            Name = "every key: \"differs\"",
            Seed = ulong.MaxValue,
            Classes = ["person", "tvmonitor"],
            Backgrounds = ["a very long background description", "grass"],
            Rounds = 3,
            SamplesPerRound = 77,
            KeepRatio = 0.1 + 0.2,
            Generation = new()
            {
                Steps = 7,
                Guidance = 1.25,
                Scheduler = "dpm++2m",
                Width = 128,
                Height = 256,
                Prompts = ["{class}: on #1"],
                NegativePrompt = "text",
                Batch = 3,
            },
            Mask = new()
            {
                Preset = "daam",
                Refinement = "pamr",
                Threshold = 0.4,
                IgnoreBand = 0,
                MinArea = 0.01,
                MaxArea = 0.8,
                MinConfidence = 0.5,
                Batch = 2,
            },
            Composition = new()
            {
                MultiShare = 0.25,
                MaxObjects = 4,
                ThesaurusThreshold = 0.3,
            },
            Harmonization = new() { Enabled = false, Strength = 0.5 },
            Scoring = new()
            {
                Folds = 3,
                FoldSteps = 11,
                Batch = 5,
            },
            Training = new()
            {
                Steps = 12,
                Batch = 4,
                LearningRate = 3e-4,
                Init = "none",
                CheckpointSteps = 6,
            },
            Evaluation = new() { Dataset = "none" },
            Execution = new()
            {
                MaxAttempts = 2,
                Window = 9,
                ShardSize = 100,
            },
        };

        var read = RunFile.Parse(RunFile.Write(spec), "b.yaml", Resolver.Instance);

        Assert.Equal(JsonSerializer.Serialize(spec), JsonSerializer.Serialize(read));
    }

    [Fact]
    public void The_examples_that_ship_are_valid()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "examples"), "*.yaml"))
        {
            var resolver = BundleCatalog.Locate(_ => null).ResolverAt(Path.GetDirectoryName(file)!);
            Assert.NotEmpty(RunFile.Parse(File.ReadAllText(file), file, new WithDownloads(resolver)).Classes);
        }
    }

    [Fact]
    public void A_thesaurus_is_read_with_the_run_file_and_decides_where_objects_fit()
    {
        using var folder = new TemporaryFolder();
        Caption[] captions =
        [
            .. Enumerable.Repeat(new Caption("a cat on the road"), 30), .. Enumerable.Repeat(new Caption("a person in the snow"), 3000),
        ];
        ThesaurusBuilder.Build(captions).Save(folder.Path("cats.json"));
        File.WriteAllText(folder.Path("old.json"), "{ \"captions\": 3, \"classes\": {}, \"scenes\": {}, \"classPairs\": {} }");
        var resolver = BundleCatalog.Locate(_ => null).ResolverAt(folder.Root);
        RunSpec Parse(string thesaurus) => RunFile.Parse(
            $"classes: [cat]\nbackgrounds: [on the road, in the snow]\ncomposition: {{ thesaurus: {thesaurus} }}\n",
            "a.yaml",
            resolver);

        var spec = Parse("cats.json");
        Assert.Equal(folder.Path("cats.json"), spec.Composition.Thesaurus);
        Assert.Equal(ArtifactHash.Of(File.ReadAllBytes(folder.Path("cats.json"))), spec.Composition.ThesaurusHash);
        Assert.Equal(["on the road"], BackgroundMatch.Fitting(spec, VocClasses.IndexOf("cat")));
        // Without the file, on another machine: the specification has what is needed.
        File.Delete(folder.Path("cats.json"));
        Assert.Equal(["on the road"], BackgroundMatch.Fitting(spec, VocClasses.IndexOf("cat")));

        var gone = Assert.Throws<RunFileException>(() => Parse("cats.json"));
        Assert.Contains("there is no such file", gone.Message, StringComparison.Ordinal);
        var old = Assert.Throws<RunFileException>(() => Parse("old.json"));
        Assert.Contains("build it again", old.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_affinity_model_is_named_by_its_path_and_hash_and_must_know_the_classes()
    {
        var spec = RunFile.Parse("classes: [cat, dog]\nmask: { affinity: heads }\n", "a.yaml", Resolver.Instance);
        Assert.Equal(("/full/heads", "ab"), (spec.Mask.Affinity, spec.Mask.AffinityHash));
        Assert.Null(RunFile.Parse("classes: [cat]\n", "a.yaml", Resolver.Instance).Mask.AffinityHash);

        Assert.Contains("train affinity", Problems("classes: [cat]\nmask: { affinity: nowhere }\n")[^1], StringComparison.Ordinal);
        Assert.Contains("none for 'dog'", Problems("classes: [cat, dog]\nmask: { affinity: cats }\n")[^1], StringComparison.Ordinal);
        Assert.Contains(
            "broken is no affinity model.",
            Problems("classes: [cat]\nmask: { affinity: broken }\n")[^1],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_placement_model_is_named_by_its_path_and_hash_and_the_rules_have_neither()
    {
        var spec = RunFile.Parse("classes: [cat]\ncomposition: { placement: places }\n", "a.yaml", Resolver.Instance).Composition;
        Assert.Equal(("/full/places", "/full/places", "e0"), (spec.Placement, spec.PlacementFolder, spec.PlacementHash));
        foreach (var text in new[] { "", "composition: { placement: rules }\n" })
            Assert.Null(RunFile.Parse("classes: [cat]\n" + text, "a.yaml", Resolver.Instance).Composition.PlacementHash);
        Assert.Contains(
            "train placement",
            Problems("classes: [cat]\ncomposition: { placement: nowhere }\n")[^1],
            StringComparison.Ordinal
        );
        const string Own = "classes: [cat]\nmodel: turbo\ncomposition: { placement: bundle }\n";
        var own = RunFile.Parse(Own, "a.yaml", Resolver.Instance).Composition;
        Assert.Equal(("bundle", "/full/turbo/placement", "e1"), (own.Placement, own.PlacementFolder, own.PlacementHash));
        var absent = Assert.Single(Problems("classes: [cat]\ncomposition: { placement: bundle }\n"));
        Assert.Contains("the bundle 'mini' ships no placement model", absent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_harmonizer_is_named_by_its_path_and_hash_and_the_rule_has_neither()
    {
        var spec = RunFile.Parse("classes: [cat]\nharmonization: { model: colors, sharpness: match }\n", "a.yaml", Resolver.Instance);
        Assert.Equal(("/full/colors", "c0"), (spec.Harmonization.ModelFolder, spec.Harmonization.ModelHash));
        Assert.Equal("match", spec.Harmonization.Sharpness);
        var own = RunFile.Parse("classes: [cat]\nmodel: turbo\n", "a.yaml", Resolver.Instance).Harmonization;
        Assert.Equal(("bundle", "/full/turbo/harmonizer", "d0"), (own.Model, own.ModelFolder, own.ModelHash));
        foreach (var text in new[] { "", "harmonization: { model: bundle }\n", "harmonization: { model: rule }\n" })
            Assert.Null(RunFile.Parse("classes: [cat]\n" + text, "a.yaml", Resolver.Instance).Harmonization.ModelHash);
        Assert.Null(
            RunFile.Parse("classes: [cat]\nmodel: turbo\nharmonization: { model: rule }\n", "a.yaml", Resolver.Instance)
                .Harmonization.ModelFolder
        );
        Assert.Contains(
            "train harmonizer",
            Problems("classes: [cat]\nharmonization: { model: nowhere }\n")[^1],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_folder_of_images_fills_the_rounds_and_a_segmenter_of_the_user_scores()
    {
        var spec = RunFile.Parse(
            "classes: [cat, dog]\nrounds: 2\nsource: { kind: folder, path: pictures, list: train }\nscoring: { segmenter: scorer, "
                + "classMap: [kitten=cat] }\n",
            "a.yaml",
            Resolver.Instance
        );

        Assert.Equal(("/full/pictures", "train", 2), (spec.Source.Path, spec.Source.List, spec.SamplesPerRound));
        Assert.Equal(["a", "b", "c", "d"], spec.Source.Images);
        const string Both = "classes: [cat, dog]\nrounds: 2\nsource: { kind: folder, path: pictures }\ncomposition: { bothShare: 1 }\n";
        Assert.Equal(4, RunFile.Parse(Both, "a.yaml", Resolver.Instance).SamplesPerRound);
        Assert.Equal("/full/scorer", spec.Scoring.Segmenter);
        Assert.Equal(["kitten=cat"], spec.Scoring.ClassMap);
    }

    [Fact]
    public void Null_leaves_an_optional_key_out_and_in_quotes_is_a_text()
    {
        var spec = RunFile.Parse(
            "classes: [cat]\nbackgrounds: ['null']\ngeneration: { width: null, scheduler: ~, negativePrompt: null }\nmask: ~\nscoring: { "
                + "segmenter: null }\n",
            "a.yaml",
            Resolver.Instance
        );

        Assert.Equal(["null"], spec.Backgrounds);
        Assert.Equal(
            (null, null, "", null),
            (spec.Generation.Width, spec.Generation.Scheduler, spec.Generation.NegativePrompt, spec.Scoring.Segmenter)
        );
    }

    [Fact]
    public void Settings_take_the_place_of_keys_and_say_in_messages_where_they_come_from()
    {
        const string Text = "classes: [cat]\nrounds: 3\ngeneration: { steps: 5, batch: 2 }\n";
        RunFileSetting[] settings =
        [
            .. new[] { "generation.steps=7", "classes=[dog, cow]", "mask.minArea=0.1", "rounds=1" }.Select(RunFileSetting.Parse),
            RunFileSetting.Text("name", "it's: new", "--name"),
        ];
        var spec = RunFile.Parse(Text, "a.yaml", Resolver.Instance, settings);

        Assert.Equal(
            ("it's: new", 1, 7, 2, 0.1),
            (spec.Name, spec.Rounds, spec.Generation.Steps, spec.Generation.Batch, spec.Mask.MinArea)
        );
        Assert.Equal(["dog", "cow"], spec.Classes);

        string[] wrong = ["rouns=2", "generation.steps=0", "generation.stepz=1", "mask.cleanup=crf", "classes=[doge]", "seed.x=1"];
        var error = Assert.Throws<RunFileException>(() =>
            RunFile.Parse(Text, "a.yaml", Resolver.Instance, [.. wrong.Select(RunFileSetting.Parse)])
        );
        Assert.Equal(
        [
            "--set classes=[doge]: unknown class 'doge'. Did you mean 'dog'?",
            "--set generation.steps=0: 'generation.steps': 0 is outside 1 to 1000.",
            "--set generation.stepz=1: unknown key 'stepz' in 'generation'. Did you mean 'steps'?",
            "--set mask.cleanup=crf: 'cleanup' in 'mask' is now called 'refinement'.",
            "--set rouns=2: unknown key 'rouns'. Did you mean 'rounds'?",
            "--set seed.x=1: 'seed' must be a whole number from 0 to 18446744073709551615, but it is a group of keys.",
        ], error.Message.Split('\n').Order(StringComparer.Ordinal));
        Assert.Throws<FreeMaskException>(() => RunFileSetting.Parse("rounds"));
        Assert.Throws<FreeMaskException>(() => RunFile.Parse(Text, "a.yaml", Resolver.Instance, RunFileSetting.Parse("rounds=[")));
    }

    [Theory]
    [InlineData(new byte[] { 0x89, 0x50, 0x4E, 0x47, 0xFF, 0xFE }, "not text")]
    [InlineData(null, "more than 1 MiB")]
    public async Task A_file_that_is_no_text_is_no_run_file(byte[]? bytes, string expected)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.Path("a.yaml"), bytes ?? new byte[(1 << 20) + 1], TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<FreeMaskException>(() =>
            RunFile.ReadAsync(folder.Path("a.yaml"), _ => Resolver.Instance, null, TestContext.Current.CancellationToken)
        );

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_suggests_its_neighbor()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.Path("quickstart.yaml"), "classes: [cat]", TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<FreeMaskException>(() =>
            RunFile.ReadAsync(folder.Path("quikstart.yaml"), _ => Resolver.Instance, null, TestContext.Current.CancellationToken)
        );

        Assert.Equal(
            $"There is no run file '{folder.Path("quikstart.yaml")}'. Did you mean '{folder.Path("quickstart.yaml")}'?",
            error.Message
        );
    }

    /// <summary>The resolver of an example whose model has been pulled.</summary>
    private sealed class WithDownloads(IRunFileResolver resolver) : IRunFileResolver
    {
        public IReadOnlyList<string> BundleNames => [.. resolver.BundleNames, .. HubReference.WellKnown.Keys];

        public string? FindBundle(string nameOrFolder) =>
            HubReference.WellKnown.ContainsKey(nameOrFolder) ? nameOrFolder : resolver.FindBundle(nameOrFolder);

        public string? FindDataset(string folder, LabelSet labels, IReadOnlyList<string> pairs) =>
            resolver.FindDataset(folder, labels, pairs);

        public (string Folder, string Hash)? FindLabeledDataset(string folder, Func<string, MatchedDataset> open) =>
            resolver.FindLabeledDataset(folder, open);

        public string? FindSegmenter(string folder) => resolver.FindSegmenter(folder);

        public (string Folder, AffinityConfig Config)? FindAffinity(string folder) => resolver.FindAffinity(folder);

        public IReadOnlyList<(string Name, byte ClassId)> ReadSamples(
            string folder,
            string? list,
            LabelSet labels,
            IReadOnlyList<int> classes
        ) => resolver.ReadSamples(folder, list, labels, classes);
    }

    [Fact]
    public void Defaults_and_sides_follow_the_bundle()
    {
        RunSpec Parse(string text) => RunFile.Parse(text, "a.yaml", Resolver.Instance);
        var spec = Parse("classes: [cat]\nmodel: turbo\n");
        Assert.Equal((4, 1.0), (spec.Generation.Steps, spec.Generation.Guidance));
        Assert.Equal(
            (9, 2.0),
            (
                Parse("classes: [cat]\nmodel: turbo\ngeneration: { steps: 9, guidance: 2 }\n").Generation is var g
                    ? (g.Steps, g.Guidance)
                    : default
            )
        );
        Assert.Equal((25, 3.0), (Parse("classes: [cat]\n").Generation is var usual ? (usual.Steps, usual.Guidance) : default));
        Assert.Equal(
            [
                "a.yaml:3:22: 'generation.width' is 200, but this bundle needs a multiple of 64. Use 192.",
                "a.yaml:3:35: 'generation.height' is 512, but this bundle draws 640 pixels alone. Leave it out.",
            ],
            Problems("classes: [cat]\nmodel: turbo\ngeneration: { width: 200, height: 512 }\n")
        );
        Assert.Contains("choose a sampler", Assert.Single(Problems("classes: [cat]\nmodel: odd\n")), StringComparison.Ordinal);
        Assert.Equal("euler", Parse("classes: [cat]\nmodel: odd\ngeneration: { scheduler: euler }\n").Generation.Scheduler);
    }

    [Fact]
    public void Data_sets_of_evaluation_and_training_become_full_paths()
    {
        const string Text = """
            classes: [sheep]
            training: { real: street, realShare: 0.5 }
            evaluation: { dataset: pictures, transfer: street }
            """;
        var spec = RunFile.Parse(Text, "a.yaml", Resolver.Instance);

        Assert.Equal(("/full/street", "da7a", 0.5), (spec.Training.Real, spec.Training.RealHash, spec.Training.RealShare));
        Assert.Equal(("/full/pictures", "da7a"), (spec.Evaluation.Dataset, spec.Evaluation.DatasetHash));
        Assert.Equal(("/full/street", "da7a"), (spec.Evaluation.Transfer, spec.Evaluation.TransferHash));
        Assert.Contains(
            "'training.real' is 'nowhere', and there is no such folder. Name a data set in a layout of voc, coco, cityscapes, ade20k.",
            Assert.Single(Problems("classes: [sheep]\ntraining: { real: nowhere }")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_preset_of_the_paper_fills_in_what_the_file_leaves_out()
    {
        var spec = RunFile.Parse("classes: [cat]\npreset: paper\n", "a.yaml", Resolver.Instance);

        Assert.Equal(("diffumask", "crf", "/full/heads"), (spec.Mask.Preset, spec.Mask.Refinement, spec.Mask.Affinity));
        Assert.Equal((ScoreCriteria.IoU, SelectionStrata.Class), (spec.Scoring.Criterion, spec.Scoring.Strata));
        Assert.Equal((0.7, 0.5, 1.0), (spec.KeepRatio, spec.Composition.MultiShare, spec.Composition.BothShare));
        // A file that says how many samples take objects has no second uses unless it asks for them.
        var named = new[] { ("multiShare: 0.2", 0), ("maxObjects: 1", 0), ("multiShare: 0.2, bothShare: 0.5", 0.5) };
        foreach (var (composition, share) in named)
            Assert.Equal(
                share,
                RunFile.Parse($"classes: [cat]\npreset: paper\ncomposition: {{ {composition} }}\n", "a.yaml", Resolver.Instance)
                    .Composition.BothShare);
        // The small bundle was not trained on the words of kinds; others are.
        Assert.False(spec.NamesSubclasses());
        var turbo = RunFile.Parse("classes: [cat]\npreset: paper\nmodel: turbo\n", "a.yaml", Resolver.Instance);
        Assert.Equal((true, null), (turbo.NamesSubclasses(), turbo.Mask.Affinity));

        const string Named = "classes: [cat]\npreset: paper\nmask: { preset: daam, affinity: null }\nscoring: { criterion: mask }\n";
        var own = RunFile.Parse(Named, "a.yaml", Resolver.Instance);
        Assert.Equal(("daam", "crf", null), (own.Mask.Preset, own.Mask.Refinement, own.Mask.Affinity));
        Assert.Equal((ScoreCriteria.Mask, SelectionStrata.Class), (own.Scoring.Criterion, own.Scoring.Strata));
        // A written file names every key: read again it is the same run.
        var again = RunFile.Parse(RunFile.Write(spec with { Mask = spec.Mask with { Affinity = "heads" } }), "a.yaml", Resolver.Instance);
        Assert.Equal(JsonSerializer.Serialize(spec), JsonSerializer.Serialize(again));
    }

    [Fact]
    public void Files_of_a_training_program_become_full_paths()
    {
        RunSpec Parse(string text) => RunFile.Parse(text, "a.yaml", Resolver.Instance);
        var spec = Parse("classes: [cat]\ntrainer: { command: [python3, train.py, --fast] }");
        Assert.Equal(["python3", "/full/train.py", "--fast"], spec.Trainer.Command);
        Assert.Equal(["/full/train.sh"], Parse("classes: [cat]\ntrainer: { command: ./train.sh }").Trainer.Command);

        var error = Assert.Throws<RunFileException>(() => Parse("classes: [cat]\ntrainer: { command: [./tarin.sh] }"));
        Assert.Contains("'./tarin.sh', and there is no such file", Assert.Single(error.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_that_voc_lacks_are_a_label_set_of_their_own()
    {
        RunSpec Parse(string text) => RunFile.Parse(text, "a.yaml", Resolver.Instance);

        var own = Parse("classes: [forklift, traffic cone, pallet]\nmodel: turbo\n");
        Assert.Equal(("own", "", 2), (own.Labels, own.LabelDefinition, own.LabelSet().IndexOf("traffic cone")));
        Assert.Equal("voc", Parse("classes: [cat, dog]\nmodel: turbo\n").Labels);
        Assert.Equal("own", Parse("classes: [carte]\nlabels: own\nmodel: turbo\n").Labels);
        var coco = Parse("classes: [Traffic Light, zebra]\nlabels: coco\nmodel: turbo\n");
        Assert.Equal(["traffic light", "zebra"], coco.Classes);
        Assert.Equal(80, Parse("classes: all\nlabels: coco\nmodel: turbo\nsamplesPerRound: 80\n").Classes.Length);

        // A misspelt class of VOC is no class of one's own.
        Assert.Equal(
            [
                "a.yaml:1:11: unknown class 'dogg'. Did you mean 'dog'? For classes of your own write 'labels: own', or name their label "
                    + "set.",
            ],
            Problems("classes: [dogg, forklift]\nmodel: turbo\n").Where(problem => problem.Contains("dogg", StringComparison.Ordinal))
        );
        Assert.Contains("'a=b' cannot be", Problems("classes: [a=b]\nlabels: own\nmodel: turbo\n")[0], StringComparison.Ordinal);
        Assert.Contains("Did you mean 'coco'?", Problems("classes: [cat]\nlabels: cocoo\n")[0], StringComparison.Ordinal);
        Assert.Contains(
            "unknown class 'zebra'. The label set has road,",
            Problems("classes: [zebra]\nlabels: cityscapes\nmodel: turbo\n")[0],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_label_set_of_a_file_travels_with_the_run()
    {
        var spec = RunFile.Parse("classes: all\nlabels: warehouse.yaml\nmodel: turbo\n", "a.yaml", Resolver.Instance);

        Assert.Equal("/full/warehouse.yaml", spec.Labels);
        Assert.Equal(["pallet", "Traffic Cone"], spec.Classes);
        var cone = spec.LabelSet()[2];
        Assert.Equal(0.7, cone.Metres);
        Assert.Equal("cone", cone.AttentionIn("a photo of a striped cone"));
        // Kinds of a file's classes are drawn without a setting; those of a set that ships are not.
        Assert.Equal((true, false), (spec.NamesSubclasses(), new RunSpec { Name = "a", Classes = ["cat"] }.NamesSubclasses()));
        var prompts = Enumerable.Range(0, 20).Select(i => SamplePlanner.Plan(spec, 0, i).Prompt).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(
            ["a photo of a pallet", "a photo of a striped cone", "a photo of an orange cone"],
            prompts.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_bundle_is_not_asked_for_classes_that_it_cannot_draw()
    {
        string[] drawn = ["classes: [forklift]\n", "classes: [forklift]\nlabels: own\n", "classes: [zebra]\nlabels: coco\n"];
        string[] parts =
        [
            "unknown class 'forklift'. The bundle 'mini' draws aeroplane,",
            "the bundle 'mini' cannot draw 'forklift'; it draws aeroplane,",
            "the bundle 'mini' cannot draw 'zebra'; it draws aeroplane,",
        ];
        Assert.All(
            drawn.Zip(parts),
            item => Assert.Contains(item.Second, Assert.Single(Problems(item.First)), StringComparison.Ordinal)
        );

        // Names do not matter where the words are the same, and nothing is drawn for a folder's images.
        Assert.Equal(["potted plant"], RunFile.Parse("classes: [potted plant]\nlabels: coco\n", "a.yaml", Resolver.Instance).Classes);
        const string Folder = "classes: [forklift]\nsource: { kind: folder, path: pictures }\nrounds: 1\nlabels: own\n";
        Assert.Equal(["forklift"], RunFile.Parse(Folder, "a.yaml", Resolver.Instance).Classes);
    }

    internal sealed class Resolver : IRunFileResolver
    {
        internal const string Warehouse = """
            name: warehouse
            classes:
              - pallet
              - { name: Traffic Cone, subclasses: [orange cone, striped cone], attention: cone, height: 0.7 }
            """;

        internal static readonly Resolver Instance = new();

        public IReadOnlyList<string> BundleNames => ["mini"];

        public string? FindBundle(string nameOrFolder) => nameOrFolder is "mini" or "turbo" or "odd" ? nameOrFolder : null;

        public IReadOnlyList<string>? WordsOf(string model) =>
            model == "mini" ? [.. LabelSet.Voc.Classes.Select(item => item.Words)] : null;

        public (string Path, LabelSet Labels)? FindLabels(string file) =>
            file == "warehouse.yaml" ? ("/full/warehouse.yaml", LabelSetFile.Parse(Warehouse, file)) : null;

        public BundleFacts? FactsOf(string model) => model switch
        {
            "turbo" => new(64, null, 640, 4, 1, null),
            "odd" => new(8, null, null, null, null, "choose a sampler"),
            _ => null,
        };

        public string? FindDataset(string folder, LabelSet labels, IReadOnlyList<string> pairs) =>
            folder == "pictures" ? "/full/pictures" : null;

        public (string Folder, string Hash)? FindLabeledDataset(string folder, Func<string, MatchedDataset> open) =>
            folder is "pictures" or "street" ? ($"/full/{folder}", "da7a") : null;

        public string? AffinityOf(string model) => model == "mini" ? "heads" : null;

        public (string Folder, string Hash)? FindPlacement(string folder) => folder == "places" ? ("/full/places", "e0") : null;

        public (string Folder, string Hash)? PlacementOf(string model) => model == "turbo" ? ("/full/turbo/placement", "e1") : null;

        public (string Folder, string Hash)? FindHarmonizer(string folder) => folder == "colors" ? ("/full/colors", "c0") : null;

        public (string Folder, string Hash)? HarmonizerOf(string model) => model == "turbo" ? ("/full/turbo/harmonizer", "d0") : null;

        public string? FindFile(string path) => path is "train.py" or "./train.sh" ? $"/full/{path.TrimStart('.', '/')}" : null;

        public string? FindSegmenter(string folder) => folder == "scorer" ? "/full/scorer" : null;

        public (string Folder, AffinityConfig Config)? FindAffinity(string folder) => folder switch
        {
            "heads" => ("/full/heads", new AffinityConfig { Sha256 = "ab" }),
            "cats" => ("/full/cats", new AffinityConfig { Sha256 = "cd", Classes = ["cat"] }),
            "broken" => throw new FreeMaskException("broken is no affinity model."),
            _ => null,
        };

        public IReadOnlyList<(string Name, byte ClassId)> ReadSamples(
            string folder,
            string? list,
            LabelSet labels,
            IReadOnlyList<int> classes
        ) => [("a", 8), ("b", 12), ("c", 8), ("d", 8)];
    }
}
