using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Pipeline;
using FreeMask.Training.Mask2Former;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the starting weights of the segmenter are there.</summary>
internal sealed class StartWeightsCheck : IRunCheck
{
    // Larger weights are read when the training starts.
    private const long ReadAtOnce = 256L << 20;

    public string Key => "training.init";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Training.InitFolder is { } named)
        {
            if (CheckpointFolder.KindOf(named) is not ("mask2former" or "resnet" or "swin"))
                yield return new(Key, $"{named} holds no model of type mask2former, resnet or swin");
            else if (Directory.EnumerateFiles(named).Sum(file => new FileInfo(file).Length) < ReadAtOnce)
                CheckpointFolder.LoadWeights(named);
            if (NotAveraged(spec, named) is { } problem) yield return problem;
            yield break;
        }

        if (SegmenterRecipe.PartOf(spec.Training) is not { } part || machine.FolderOf(spec.Model) is not { } bundle) yield break;
        var (what, kinds) = part == SegmenterRecipe.BackbonePart
            ? ("classification backbone", new[] { "resnet", "swin" })
            : ("segmenter", ["mask2former"]);
        var folder = Path.Combine(bundle, part);
        var kind = CheckpointFolder.KindOf(folder);
        if (kind is null || !CheckpointFolder.HasWeights(folder))
        {
            yield return new(
                Key,
                $"the bundle '{spec.Model}' has no {what} to start from ({folder} needs {CheckpointFolder.Config} and "
                    + $"{CheckpointFolder.Weights}); use another value, such as none"
            );
            yield break;
        }

        if (!kinds.Contains(kind))
            yield return new(Key, $"{folder} holds a model of type '{kind}'; '{spec.Training.Init}' needs {string.Join(" or ", kinds)}");
        else if (Directory.EnumerateFiles(folder).Sum(file => new FileInfo(file).Length) < ReadAtOnce)
            CheckpointFolder.LoadWeights(folder);
        if (NotAveraged(spec, folder) is { } refused) yield return refused;
    }

    /// <summary>Why the trained weights cannot be averaged with those of a folder; null where they can, or need not.</summary>
    private static RunFinding? NotAveraged(RunSpec spec, string folder)
    {
        const string Share = "training.startShare";
        if (spec.Training.StartShare == 0) return null;
        if (CheckpointFolder.KindOf(folder) != "mask2former")
            return new(Share, $"{folder} holds no segmenter to average the trained weights with; start from one, or leave it out");
        var known = Mask2FormerConfig.Load(Path.Combine(folder, CheckpointFolder.Config)).Labels;
        return known.SequenceEqual(spec.LabelSet().Names)
            ? null
            : new(Share, $"the segmenter in {folder} has other classes than the run, so that its weights cannot be averaged; leave it out");
    }
}
