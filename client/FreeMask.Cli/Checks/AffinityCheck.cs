using FreeMask.GrainInterfaces;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Masking;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the affinity model takes the features that this version makes.</summary>
internal sealed class AffinityCheck : IRunCheck
{
    public string Key => "mask.affinity";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Source.IsFolder || spec.Mask.Affinity is not { } folder || spec.Classes.IsEmpty) yield break;
        if (!AffinityModel.Load(folder).Head(spec.Classes[0]).Inputs.SequenceEqual(AffinityFeatures.Channels))
            yield return new(Key, $"the model in {folder} was made for other features than this version makes; train it anew");
    }
}
