using FreeMask.GrainInterfaces;
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
        var (part, what, kinds) = spec.Training.Init switch
        {
            "bundle" => ("segmenter", "segmenter", new[] { "mask2former" }),
            "backbone" => ("backbone", "classification backbone", ["resnet", "swin"]),
            _ => ("", "", []),
        };
        if (spec.Training.InitFolder is { } named)
        {
            if (CheckpointFolder.KindOf(named) is not ("mask2former" or "resnet" or "swin"))
                yield return new(Key, $"{named} holds no model of type mask2former, resnet or swin");
            else if (Directory.EnumerateFiles(named).Sum(file => new FileInfo(file).Length) < ReadAtOnce)
                CheckpointFolder.LoadWeights(named);
            yield break;
        }

        if (part.Length == 0 || machine.FolderOf(spec.Model) is not { } bundle) yield break;
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
    }
}
