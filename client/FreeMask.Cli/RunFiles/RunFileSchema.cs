using System.Collections.Immutable;
using FreeMask.Diffusion.Inspection;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Vision;
using FreeMask.Vision.Affinity;

namespace FreeMask.Cli.RunFiles;

/// <summary>
/// Every key of a run file: the one description that the reader and the writer share. It checks what only a file can get wrong and what
/// points outside of it; the values are checked by <see cref="RunSpecValidator"/>, as for every other client.
/// </summary>
internal static class RunFileSchema
{
    /// <summary>Shows every key with the value of <paramref name="spec"/> and returns the specification that the answers make.</summary>
    internal static RunSpec Visit(RunSpec spec, IRunFileSection file, IRunFileResolver resolver)
    {
        var (name, seed, classes) = (file.Text("name", spec.Name), file.Seed("seed", spec.Seed), Classes(spec.Classes, file));
        var source = Source(spec.Source, classes, file.Section("source"), resolver);
        var (backgrounds, rounds) = (file.List("backgrounds", spec.Backgrounds, _ => null), file.Integer("rounds", spec.Rounds));
        // All images of a folder, unless the file wants fewer.
        var share = source.Images.IsEmpty || !spec.Source.Images.IsEmpty ? spec.SamplesPerRound : Math.Max(1, source.Images.Length / Math.Max(1, rounds));
        var model = Model(spec.Model, file, resolver);
        var result = spec with
        {
            Name = name,
            Seed = seed,
            Classes = classes,
            Source = source,
            Backgrounds = backgrounds,
            Rounds = rounds,
            SamplesPerRound = file.Integer("samplesPerRound", share),
            KeepRatio = file.Number("keepRatio", spec.KeepRatio),
            Model = model,
            Generation = Generation(spec.Generation, file.Section("generation"), source.IsFolder ? null : resolver.FactsOf(model)),
            Mask = Mask(spec.Mask, classes, file.Section("mask"), resolver),
            Composition = Composition(spec.Composition, file.Section("composition")),
            Harmonization = Harmonization(spec.Harmonization, file.Section("harmonization")),
            Scoring = Scoring(spec.Scoring, file.Section("scoring"), resolver),
            Training = Training(spec.Training, file.Section("training")),
            Evaluation = Evaluation(spec.Evaluation, file.Section("evaluation"), resolver),
            Execution = Execution(spec.Execution, file.Section("execution")),
        };
        file.Close();
        if (!result.Name.Any(char.IsLetterOrDigit) || result.Name.Length > 60)
            file.Report("name", "'name' must have between 1 and 60 characters, at least one of them a letter or a digit.");
        return result;
    }

    private static ImmutableArray<string> Classes(ImmutableArray<string> current, IRunFileSection file)
    {
        var objects = VocClasses.Names.Skip(1).ToArray();
        var classes = file.List("classes", current, name =>
            name == "all" || VocClasses.IndexOf(name) > 0 ? null
            : name == "background" ? "'background' is no class that can be made; it is what lies around the objects. Leave it out."
            : $"unknown class '{name}'.{(NameSuggester.Suggestion(name, objects) is { Length: > 0 } near ? near : $" The classes are {string.Join(", ", objects)}; 'all' stands for all of them.")}");
        if (classes is ["all"]) return [.. objects];
        if (classes.IsDefaultOrEmpty)
        {
            file.Report("classes", "'classes' is missing. Name at least one of PASCAL VOC's 20 classes, such as 'classes: [cat, dog]', or write 'classes: all'.");
            return [];
        }

        return [.. classes.Select(name => name.ToLowerInvariant())];
    }

    private static SourceSpec Source(SourceSpec spec, ImmutableArray<string> classes, IRunFileSection file, IRunFileResolver resolver)
    {
        var kind = file.Word("kind", spec.Kind, SpecVocabulary.Sources)!;
        var (path, list) = (file.OptionalText("path", spec.Path), file.OptionalText("list", spec.List ?? ""));
        file.Close();
        var result = spec with { Kind = kind, Path = path, List = list.Length == 0 ? null : list };
        if (!result.IsFolder)
        {
            if (path.Length > 0) file.Report("path", "'source.path' is for sources of kind folder; write 'kind: folder', or leave the path out.");
            if (list.Length > 0) file.Report("list", "'source.list' is for sources of kind folder; write 'kind: folder', or leave the list out.");
            return result;
        }

        try
        {
            if (path.Length == 0 || resolver.FindDataset(path) is not { } folder)
            {
                file.Report("path", $"'source.path' is '{path}', but no such folder holds JPEGImages and SegmentationClass. Name a data set in PASCAL VOC layout.");
                return result;
            }

            var samples = resolver.ReadSamples(folder, result.List, [.. classes.Select(name => VocClasses.IndexOf(name)).Where(id => id > 0)]);
            return samples.Count == 0 ? result with { Path = folder } : result with { Path = folder, Images = [.. samples.Select(s => s.Name)], Classes = [.. samples.Select(s => s.ClassId)] };
        }
        catch (FreeMaskException unreadable)
        {
            file.Report("path", unreadable.Message);
            return result;
        }
    }

    private static string Model(string current, IRunFileSection file, IRunFileResolver resolver)
    {
        var model = file.Text("model", current);
        if (resolver.FindBundle(model) is { } found) return found;
        var known = resolver.BundleNames;
        file.Report("model", $"unknown model bundle '{model}': neither a bundle that ships ({string.Join(", ", known)}) nor a folder with a model_index.json.{NameSuggester.Suggestion(model, known)}");
        return model;
    }

    private static GenerationSpec Generation(GenerationSpec spec, IRunFileSection file, BundleFacts? facts)
    {
        // A model that was distilled to a few steps has defaults of its own.
        var usual = new GenerationSpec();
        if (facts?.Steps is { } steps && spec.Steps == usual.Steps) spec = spec with { Steps = steps };
        if (facts?.Guidance is { } guidance && spec.Guidance == usual.Guidance) spec = spec with { Guidance = guidance };
        var result = spec with
        {
            Steps = file.Integer("steps", spec.Steps),
            Guidance = file.Number("guidance", spec.Guidance),
            Scheduler = file.Word("scheduler", spec.Scheduler, SpecVocabulary.Schedulers),
            Width = file.OptionalInteger("width", spec.Width),
            Height = file.OptionalInteger("height", spec.Height),
            Prompts = file.List("prompts", spec.Prompts, _ => null),
            NegativePrompt = file.OptionalText("negativePrompt", spec.NegativePrompt),
            Batch = file.Integer("batch", spec.Batch),
        };
        if (facts is not null)
        {
            Side("width", result.Width, facts.FixedWidth, facts.SideMultiple, file);
            Side("height", result.Height, facts.FixedHeight, facts.SideMultiple, file);
            if (result.Scheduler is null && facts.SchedulerProblem is { } problem) file.Report("scheduler", problem);
        }

        file.Close();
        return result;
    }

    private static void Side(string key, int? side, int? only, int multiple, IRunFileSection file)
    {
        if (side is not { } pixels) return;
        if (only is not null && pixels != only) file.Report(key, $"'generation.{key}' is {pixels}, but this bundle draws {only} pixels alone. Leave it out.");
        else if (only is null && pixels % multiple != 0) file.Report(key, $"'generation.{key}' is {pixels}, but this bundle needs a multiple of {multiple}. Use {Math.Max(multiple, pixels / multiple * multiple)}.");
    }

    private static MaskSpec Mask(MaskSpec spec, ImmutableArray<string> classes, IRunFileSection file, IRunFileResolver resolver)
    {
        var affinity = Affinity(spec.Affinity, classes, file, resolver);
        var result = spec with
        {
            Affinity = affinity?.Folder,
            AffinityHash = affinity?.Config.Sha256,
            Preset = file.Word("preset", spec.Preset, SpecVocabulary.MaskPresets)!,
            Cleanup = file.Word("cleanup", spec.Cleanup, SpecVocabulary.Cleanups)!,
            Threshold = file.OptionalNumber("threshold", spec.Threshold),
            IgnoreBand = file.Number("ignoreBand", spec.IgnoreBand),
            MinArea = file.Number("minArea", spec.MinArea),
            MaxArea = file.Number("maxArea", spec.MaxArea),
            MinConfidence = file.Number("minConfidence", spec.MinConfidence),
            Batch = file.Integer("batch", spec.Batch),
        };
        file.Close();
        return result;
    }

    private static (string Folder, AffinityConfig Config)? Affinity(string? current, ImmutableArray<string> classes, IRunFileSection file, IRunFileResolver resolver)
    {
        var named = file.OptionalText("affinity", current ?? "");
        if (named.Length == 0) return null;
        try
        {
            if (resolver.FindAffinity(named) is not { } found)
                file.Report("affinity", $"'mask.affinity' is '{named}', but no such folder holds {AffinityModel.WeightsFile} and {AffinityModel.ConfigFile}. 'freemask train affinity' makes one.");
            else if (found.Config.Classes.Count > 0 && classes.FirstOrDefault(name => !found.Config.Classes.Contains(name)) is { } missing)
                file.Report("affinity", $"'mask.affinity' names a model with heads of single classes, and none for '{missing}'. Train one without --per-class, or on a run with all of these classes.");
            else return found;
        }
        catch (FreeMaskException unreadable)
        {
            file.Report("affinity", unreadable.Message);
        }

        return null;
    }

    private static CompositionSpec Composition(CompositionSpec spec, IRunFileSection file)
    {
        var result = spec with
        {
            MultiShare = file.Number("multiShare", spec.MultiShare),
            MaxObjects = file.Integer("maxObjects", spec.MaxObjects),
            ThesaurusThreshold = file.Number("thesaurusThreshold", spec.ThesaurusThreshold),
        };
        file.Close();
        return result;
    }

    private static HarmonizationSpec Harmonization(HarmonizationSpec spec, IRunFileSection file)
    {
        var result = spec with { Enabled = file.Flag("enabled", spec.Enabled), Strength = file.Number("strength", spec.Strength) };
        file.Close();
        return result;
    }

    private static ScoringSpec Scoring(ScoringSpec spec, IRunFileSection file, IRunFileResolver resolver)
    {
        var segmenter = file.OptionalText("segmenter", spec.Segmenter ?? "");
        var found = segmenter.Length == 0 ? null : resolver.FindSegmenter(segmenter);
        if (segmenter.Length > 0 && found is null)
            file.Report("segmenter", $"'scoring.segmenter' is '{segmenter}', but no such folder holds model.onnx and card.json.");
        var result = spec with
        {
            Segmenter = found,
            ClassMap = file.List("classMap", spec.ClassMap, _ => null),
            Folds = file.Integer("folds", spec.Folds),
            FoldSteps = file.OptionalInteger("foldSteps", spec.FoldSteps),
            Batch = file.Integer("batch", spec.Batch),
        };
        file.Close();
        return result;
    }

    private static TrainingSpec Training(TrainingSpec spec, IRunFileSection file)
    {
        var result = spec with
        {
            Steps = file.Integer("steps", spec.Steps),
            Batch = file.Integer("batch", spec.Batch),
            LearningRate = file.Number("learningRate", spec.LearningRate),
            Init = file.Word("init", spec.Init, SpecVocabulary.Inits)!,
            CheckpointSteps = file.Integer("checkpointSteps", spec.CheckpointSteps),
        };
        file.Close();
        return result;
    }

    private static EvaluationSpec Evaluation(EvaluationSpec spec, IRunFileSection file, IRunFileResolver resolver)
    {
        var dataset = file.Text("dataset", spec.Dataset);
        file.Close();
        if (dataset is "heldout" or "none") return spec with { Dataset = dataset };
        try
        {
            if (resolver.FindDataset(dataset) is { } folder) return spec with { Dataset = folder };
        }
        catch (FreeMaskException unusable)
        {
            file.Report("dataset", unusable.Message);
            return spec;
        }

        file.Report("dataset", $"'evaluation.dataset' is '{dataset}', but no such folder holds JPEGImages and SegmentationClass. Name a data set in PASCAL VOC layout, 'heldout' for the one that the bundle ships, or 'none'.");
        return spec with { Dataset = dataset };
    }

    private static ExecutionSpec Execution(ExecutionSpec spec, IRunFileSection file)
    {
        var result = spec with
        {
            MaxAttempts = file.Integer("maxAttempts", spec.MaxAttempts),
            Window = file.Integer("window", spec.Window),
            ShardSize = file.Integer("shardSize", spec.ShardSize),
            TrainingThreads = file.Integer("trainingThreads", spec.TrainingThreads),
            MixedArithmetic = file.Flag("mixedArithmetic", spec.MixedArithmetic),
        };
        file.Close();
        return result;
    }
}
