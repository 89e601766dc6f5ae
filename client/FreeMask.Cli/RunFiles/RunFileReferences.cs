using System.Collections.Immutable;
using System.Text;
using FreeMask.Diffusion.Inspection;
using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Cli.RunFiles;

/// <summary>
/// Resolves the references of a run file: relative folders become full paths, <c>all</c> the list of classes, a folder source its images,
/// and defaults that depend on the bundle their values. What is not found is reported at its key.
/// </summary>
internal sealed class RunFileReferences(IRunFileResolver resolver, RunFileFindings findings)
{
    private const string ImageNet = "imagenet";

    private const double ReferenceRate = 1e-4;

    internal RunSpec Resolve(RunSpec spec)
    {
        spec = Labels(spec with { Model = Model(spec.Model) });
        var labels = spec.LabelSet();
        spec = spec with { Classes = Classes(spec, labels) };
        spec = spec with { Source = Source(spec.Source, labels, spec.Classes) };
        if (spec.Preset == PaperDefaults.Preset)
            spec = PaperDefaults.Apply(spec, findings.Names, resolver.AffinityOf(spec.Model), WordsOf(spec) is not null);
        // All images of a folder, unless the file names a number.
        if (!spec.Source.Images.IsEmpty && !findings.Names("samplesPerRound"))
            spec = spec with { SamplesPerRound = SamplesOf(spec) };
        return spec with
        {
            Generation =
                spec.Source.IsFolder || resolver.FactsOf(spec.Model) is not { } facts
                    ? spec.Generation
                    : Generation(spec.Generation, facts),
            Mask = Affinity(spec.Mask, spec.Classes),
            Composition = Placement(Thesaurus(spec, labels), spec.Model),
            Harmonization = Harmonizer(spec),
            Scoring = Segmenter(spec.Scoring),
            Training = Real(Training(spec), spec),
            Trainer = Trainer(spec.Trainer),
            Evaluation = Evaluation(spec),
        };
    }

    /// <summary>Samples of a round that use all images of the folder; a wrong share is reported by its own check.</summary>
    private static int SamplesOf(RunSpec spec) =>
        SamplePlanner.SamplesOf(
            Math.Max(1, spec.Source.Images.Length / Math.Max(1, spec.Rounds)), Math.Clamp(spec.Composition.BothShare, 0, 1));

    /// <summary>The label set: the named one, else VOC's if it has all classes, else that of the classes themselves.</summary>
    private RunSpec Labels(RunSpec spec)
    {
        var isNamed = findings.Names("labels");
        try
        {
            if (isNamed && !LabelSet.BuiltIn.Contains(spec.Labels) && spec.Labels != LabelSet.OwnName)
            {
                if (resolver.FindLabels(spec.Labels) is { } file)
                    return spec with { Labels = file.Path, LabelDefinition = LabelSetJson.Write(file.Labels) };
                string[] names = [.. LabelSet.BuiltIn, LabelSet.OwnName];
                findings.Report(
                    "labels",
                    $"'labels' is '{spec.Labels}', and there is no such file and no such label set that ships ({string.Join(", ", names)})."
                        + NameSuggester.Suggestion(spec.Labels, names)
                );
                return spec with { Labels = LabelSet.VocName };
            }
        }
        catch (FreeMaskException wrong)
        {
            findings.Report("labels", wrong.Message);
            return spec with { Labels = LabelSet.VocName };
        }

        if (isNamed || spec.Classes is ["all"] or []) return spec;
        string[] strangers = [.. spec.Classes.Where(name => LabelSet.Voc.IndexOf(name) < 0 && name != "all")];
        // A bundle that draws VOC's classes alone cannot draw others; a name that is nearly VOC's is most likely a misspelt one.
        var isOwn =
            strangers.Length > 0
            && WordsOf(spec) is null
            && strangers.All(name => NameSuggester.Nearest(name, LabelSet.Voc.Names) is null);
        return isOwn ? spec with { Labels = LabelSet.OwnName } : spec;
    }

    private ImmutableArray<string> Classes(RunSpec spec, LabelSet labels)
    {
        var classes = spec.Classes;
        string[] objects = [.. labels.Names.Skip(1)];
        var words = WordsOf(spec);
        if (classes is ["all"])
        {
            if (labels.Name == LabelSet.OwnName)
                findings.Report("classes", "'all' stands for every class of a label set, and 'labels: own' has those named here.");
            classes = [.. objects];
        }

        if (classes.IsEmpty)
            findings.Report(
                "classes",
                "'classes' is missing. Name at least one of PASCAL VOC's 20 classes, such as 'classes: [cat, dog]', or write 'classes: "
                    + "all'."
            );
        for (var i = 0; i < classes.Length; i++)
        {
            var name = classes[i];
            if (name == "background")
                findings.Report(
                    $"classes[{i}]",
                    "'background' is no class that can be made; it is what lies around the objects. Leave it out."
                );
            else if (name == "all")
                findings.Report(
                    $"classes[{i}]",
                    "'all' stands for every class and cannot stand beside others. Write 'classes: all', or name the classes."
                );
            else if (labels.Name == LabelSet.OwnName && LabelSetJson.NameProblem(name) is { } problem)
                findings.Report($"classes[{i}]", problem);
            else if (labels.IndexOf(name) is < 1)
                findings.Report($"classes[{i}]", $"unknown class '{name}'.{RemedyFor(name, spec, words, objects)}");
            else if (words?.Contains(labels[labels.IndexOf(name)].Words, StringComparer.Ordinal) == false)
                findings.Report(
                    $"classes[{i}]",
                    $"the bundle '{spec.Model}' cannot draw '{labels[labels.IndexOf(name)].Words}'; it draws {string.Join(", ", words)}. "
                        + "Use another bundle, or leave the class out."
                );
        }

        return [.. classes.Select(name => labels.IndexOf(name) is > 0 and var id ? labels.Names[id] : name)];
    }

    /// <summary>The words of all that the bundle can draw; null where that is not limited, or nothing is drawn.</summary>
    private IReadOnlyList<string>? WordsOf(RunSpec spec) => spec.Source.IsFolder ? null : resolver.WordsOf(spec.Model);

    private string RemedyFor(string name, RunSpec spec, IReadOnlyList<string>? words, string[] objects)
    {
        var near = NameSuggester.Suggestion(name, objects);
        if (words is not null)
            return near.Length > 0
                ? near
                : $" The bundle '{spec.Model}' draws {string.Join(", ", objects)} alone; 'all' stands for all of them.";
        var own = findings.Names("labels") ? "" : " For classes of your own write 'labels: own', or name their label set.";
        if (near.Length > 0) return near + own;
        return own.Length > 0 ? own : $" The label set has {string.Join(", ", objects)}; 'all' stands for all of them.";
    }

    private SourceSpec Source(SourceSpec source, LabelSet labels, ImmutableArray<string> classes)
    {
        if (!source.IsFolder)
        {
            if (source.Path.Length > 0)
                findings.Report("source.path", "'source.path' is for sources of kind folder; write 'kind: folder', or leave the path out.");
            if (source.List is not null)
                findings.Report("source.list", "'source.list' is for sources of kind folder; write 'kind: folder', or leave the list out.");
            return source;
        }

        try
        {
            if (source.Path.Length == 0 || resolver.FindDataset(source.Path, labels, []) is not { } folder)
            {
                findings.Report(
                    "source.path",
                    $"'source.path' is '{source.Path}', but no such folder holds JPEGImages and SegmentationClass. Name a data set in "
                        + "PASCAL VOC layout."
                );
                return source;
            }

            var samples = resolver.ReadSamples(folder, source.List, labels, [.. classes.Select(labels.IndexOf).Where(id => id > 0)]);
            return source with { Path = folder, Images = [.. samples.Select(s => s.Name)], Classes = [.. samples.Select(s => s.ClassId)] };
        }
        catch (FreeMaskException unreadable)
        {
            findings.Report("source.path", unreadable.Message);
            return source;
        }
    }

    private string Model(string model)
    {
        if (resolver.FindBundle(model) is { } found) return found;
        var known = resolver.BundleNames;
        findings.Report(
            "model",
            $"unknown model bundle '{model}': neither a bundle that ships ({string.Join(", ", known)}) nor a folder with a "
                + $"model_index.json.{NameSuggester.Suggestion(model, known)}"
        );
        return model;
    }

    private GenerationSpec Generation(GenerationSpec generation, BundleFacts facts)
    {
        // Models that were distilled to a few steps have other defaults.
        if (facts.Steps is { } steps && !findings.Names("generation.steps")) generation = generation with { Steps = steps };
        if (facts.Guidance is { } guidance && !findings.Names("generation.guidance")) generation = generation with { Guidance = guidance };
        Side("generation.width", generation.Width, facts.FixedWidth, facts.SideMultiple);
        Side("generation.height", generation.Height, facts.FixedHeight, facts.SideMultiple);
        if (generation.Scheduler is null && facts.SchedulerProblem is { } problem) findings.Report("generation.scheduler", problem);
        return generation;
    }

    private void Side(string path, int? side, int? only, int multiple)
    {
        if (side is not { } pixels) return;
        if (only is not null && pixels != only)
            findings.Report(path, $"'{path}' is {pixels}, but this bundle draws {only} pixels alone. Leave it out.");
        else if (only is null && pixels % multiple != 0)
            findings.Report(
                path,
                $"'{path}' is {pixels}, but this bundle needs a multiple of {multiple}. Use "
                    + $"{Math.Max(multiple, pixels / multiple * multiple)}."
            );
    }

    private MaskSpec Affinity(MaskSpec mask, ImmutableArray<string> classes)
    {
        if (mask.Affinity is not { } named) return mask;
        try
        {
            if (resolver.FindAffinity(named) is not { } found)
                findings.Report(
                    "mask.affinity",
                    $"'mask.affinity' is '{named}', but no such folder holds {AffinityModel.WeightsFile} and {AffinityModel.ConfigFile}. "
                        + "'freemask train affinity' makes one."
                );
            else if (found.Config.Classes.Count > 0 && classes.FirstOrDefault(name => !found.Config.Classes.Contains(name)) is { } missing)
                findings.Report(
                    "mask.affinity",
                    $"'mask.affinity' names a model with heads of single classes, and none for '{missing}'. Train one without "
                        + "--per-class, or on a run with all of these classes."
                );
            else return mask with { Affinity = found.Folder, AffinityHash = found.Config.Sha256 };
        }
        catch (FreeMaskException unreadable)
        {
            findings.Report("mask.affinity", unreadable.Message);
        }

        return mask with { Affinity = null };
    }

    /// <summary>The file of a thesaurus becomes a full path, a hash, and what it says of the run's backgrounds.</summary>
    private CompositionSpec Thesaurus(RunSpec spec, LabelSet labels)
    {
        var composition = spec.Composition;
        if (composition.Thesaurus is not { } named) return composition;
        try
        {
            if (resolver.FindFile(named) is { } path)
            {
                var content = File.ReadAllBytes(path);
                var counts = SceneThesaurus.Parse(Encoding.UTF8.GetString(content), path, classes: labels).Part(spec.Backgrounds);
                return composition with { Thesaurus = path, ThesaurusHash = ArtifactHash.Of(content), ThesaurusCounts = counts };
            }

            findings.Report(
                "composition.thesaurus",
                $"'composition.thesaurus' is '{named}', and there is no such file. 'freemask thesaurus build' makes one of captions."
            );
        }
        catch (Exception unreadable) when (unreadable is FreeMaskException or IOException or UnauthorizedAccessException)
        {
            findings.Report("composition.thesaurus", $"'composition.thesaurus': {unreadable.Message}");
        }

        return composition with { Thesaurus = null };
    }

    /// <summary>The placement model becomes a full path and a hash; the rules have neither.</summary>
    private CompositionSpec Placement(CompositionSpec composition, string model)
    {
        const string Key = "composition.placement";
        if (composition.Placement == "rules") return composition;
        try
        {
            if (composition.Placement == "bundle")
            {
                if (resolver.PlacementOf(model) is { } own)
                    return composition with { PlacementFolder = own.Folder, PlacementHash = own.Hash };
                findings.Report(
                    Key,
                    $"'{Key}' is 'bundle', but the bundle '{model}' ships no placement model. Write rules, or name the folder of a model; "
                        + "'freemask train placement' makes one."
                );
                return composition with { Placement = "rules" };
            }

            if (resolver.FindPlacement(composition.Placement) is { } found)
                return composition with { Placement = found.Folder, PlacementFolder = found.Folder, PlacementHash = found.Hash };
            findings.Report(
                Key,
                $"'{Key}' is '{composition.Placement}', but no such folder holds {ModelFileNames.Onnx}, or the {ModelFileNames.Weights} of "
                    + "a FOPA. 'freemask train placement' makes a model."
            );
        }
        catch (Exception unreadable) when (unreadable is FreeMaskException or IOException or UnauthorizedAccessException)
        {
            findings.Report(Key, $"'{Key}': {unreadable.Message}");
        }

        return composition with { Placement = "rules" };
    }

    /// <summary>The harmonizer becomes a full path and a hash; the rule has neither.</summary>
    private HarmonizationSpec Harmonizer(RunSpec spec)
    {
        const string Key = "harmonization.model";
        var harmonization = spec.Harmonization;
        if (harmonization.Model == "rule") return harmonization;
        var isBundle = harmonization.Model == "bundle";
        try
        {
            if (isBundle)
                return resolver.HarmonizerOf(spec.Model) is { } own
                    ? harmonization with { ModelFolder = own.Folder, ModelHash = own.Hash }
                    : harmonization;
            if (resolver.FindHarmonizer(harmonization.Model) is { } found)
                return harmonization with { Model = found.Folder, ModelFolder = found.Folder, ModelHash = found.Hash };
            findings.Report(
                Key,
                $"'{Key}' is '{harmonization.Model}', but no such folder holds {ModelFileNames.Onnx}, or "
                    + $"the {ModelFileNames.Weights} of a RainNet. 'freemask train harmonizer' makes a model."
            );
        }
        catch (FreeMaskException unreadable)
        {
            findings.Report(Key, unreadable.Message);
        }

        return harmonization with { Model = "rule" };
    }

    private ScoringSpec Segmenter(ScoringSpec scoring)
    {
        if (scoring.Segmenter is not { } named) return scoring;
        if (resolver.FindSegmenter(named) is { } found) return scoring with { Segmenter = found };
        findings.Report("scoring.segmenter", $"'scoring.segmenter' is '{named}', but no such folder holds model.onnx and card.json.");
        return scoring;
    }

    /// <summary>Starting weights become a folder. Without any named, a bundle without a segmenter starts from ImageNet's.</summary>
    private TrainingSpec Training(RunSpec spec)
    {
        var training = spec.Training;
        var isDefault = !findings.Names("training.init");
        if (isDefault && WordsOf(spec) is null && !resolver.HasSegmenter(spec.Model))
            training = training with { Init = spec.Trainer.IsExternal ? "none" : ImageNet };
        if (training.Init is not ("bundle" or "backbone" or "none"))
        {
            var name = training.Init == ImageNet ? PublicBackbone.Of(training.Backbone).Folder : training.Init;
            if (resolver.FindCheckpoint(name) is { } found) training = training with { InitFolder = found.Folder, InitHash = found.Hash };
            else findings.Report("training.init", NoCheckpoint(spec, training, name, isDefault));
            if (training.Init != ImageNet && training.InitFolder is { } folder) training = training with { Init = folder };
        }

        if (training.IsReference && !findings.Names("training.learningRate")) training = training with { LearningRate = ReferenceRate };
        return training;
    }

    private static string NoCheckpoint(RunSpec spec, TrainingSpec training, string name, bool isDefault)
    {
        if (training.Init != ImageNet)
            return $"'training.init' is '{training.Init}': neither a word (bundle, backbone, imagenet, none) nor a folder with config.json "
                + "and weights.";
        var why = isDefault ? $"The bundle '{spec.Model}' has no segmenter to start from, so its training starts from imagenet. " : "";
        var how = PublicBackbone.Of(training.Backbone).Owner is { } owner
            ? $"'freemask models pull {owner}/{name} --checkpoint' fetches them, or set training.backbone to {PublicBackbone.Default.Name}"
            : $"'freemask models pull {name}' fetches them, or set training.init to none";
        return $"'training.init': {why}The weights of imagenet are not here ({name}): {how}.";
    }

    /// <summary>Arguments that name a file beside the run file become full paths: the program runs in a folder of its own.</summary>
    private TrainerSpec Trainer(TrainerSpec trainer)
    {
        if (!trainer.IsExternal) return trainer;
        var program = trainer.Command[0];
        if (program.AsSpan().IndexOfAny('/', '\\') >= 0 && resolver.FindFile(program) is null)
            findings.Report("trainer.command[0]", $"'trainer.command' begins with '{program}', and there is no such file.");
        return trainer with { Command = [.. trainer.Command.Select(part => resolver.FindFile(part) ?? part)] };
    }

    /// <summary>The data set of real images becomes a full path and a hash.</summary>
    private TrainingSpec Real(TrainingSpec training, RunSpec spec)
    {
        if (training.Real is not { } named || ProtocolOf(spec) is not { } protocol) return training;
        MatchedDataset Open(string folder) => protocol.OpenReal(folder, training.RealPart, training.RealClassMap);
        return Dataset("training.real", named, "", Open) is { } found
            ? training with { Real = found.Folder, RealHash = found.Hash }
            : training;
    }

    private EvaluationSpec Evaluation(RunSpec spec)
    {
        var evaluation = spec.Evaluation;
        if (ProtocolOf(spec) is not { } protocol) return evaluation;
        if (evaluation.Dataset is not ("heldout" or "none"))
        {
            const string Others = " Or write 'heldout' for the one that the bundle ships, or 'none'.";
            var found = Dataset(
                "evaluation.dataset",
                evaluation.Dataset,
                Others,
                folder => protocol.Open(folder, evaluation.Layout, evaluation.Part, evaluation.ClassMap)
            );
            if (found is { } first) evaluation = evaluation with { Dataset = first.Folder, DatasetHash = first.Hash };
        }

        if (evaluation.Transfer is not { } named) return evaluation;
        var second = Dataset(
            "evaluation.transfer",
            named,
            "",
            folder => protocol.Open(folder, null, evaluation.TransferPart, evaluation.TransferClassMap)
        );
        return second is { } other ? evaluation with { Transfer = other.Folder, TransferHash = other.Hash } : evaluation;
    }

    /// <summary>The protocol of a run; null where it is impossible, which the validation reports.</summary>
    private static EvaluationProtocol? ProtocolOf(RunSpec spec)
    {
        try
        {
            return EvaluationProtocol.Of(spec.Evaluation.Protocol, spec.LabelSet(), spec.Classes);
        }
        catch (FreeMaskException)
        {
            return null;
        }
    }

    private (string Folder, string Hash)? Dataset(string key, string named, string otherwise, Func<string, MatchedDataset> open)
    {
        try
        {
            if (resolver.FindLabeledDataset(named, open) is { } found) return found;
            findings.Report(
                key,
                $"'{key}' is '{named}', and there is no such folder. Name a data set in a layout of "
                    + $"{string.Join(", ", LabeledDataset.Formats)}.{otherwise}"
            );
        }
        catch (FreeMaskException unusable)
        {
            findings.Report(key, unusable.Message);
        }

        return null;
    }
}
