using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the real images of the training are there and show classes that a training may learn from them.</summary>
internal sealed class RealDataCheck : IRunCheck
{
    private const int MostImages = 1000;

    public string Key => "training.real";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Training.Real is not { } folder || !Directory.Exists(folder)) yield break;
        var protocol = EvaluationProtocol.Of(spec.Evaluation.Protocol, spec.LabelSet(), spec.Classes);
        var data = protocol.OpenReal(folder, spec.Training.RealPart, spec.Training.RealClassMap);
        var shown = Enumerable
            .Range(0, Math.Min(MostImages, data.Count))
            .Any(i => data.Load(i).Labels.Labels.Any(label => label is not (LabelMap.Background or LabelMap.Ignore)));
        if (!shown)
            yield return new(
                Key,
                $"no mask of {data.Root} shows a class that is to be learnt from it; name another data set, or leave it out"
            );
    }
}
