using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Vision.Datasets;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the data set of the evaluation is there and shows classes.</summary>
internal sealed class EvaluationCheck : IRunCheck
{
    private const string HeldOut = "heldout", HeldOutList = "multi";

    // Almost always the first mask has one.
    private const int MostMasks = 1000;

    public string Key => "evaluation.dataset";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Evaluation.Dataset == "none") yield break;
        VocFolder dataset;
        var labels = spec.LabelSet();
        if (spec.Evaluation.Dataset == HeldOut)
        {
            if (machine.FolderOf(spec.Model) is not { } bundle) yield break;
            if (!Directory.Exists(Path.Combine(bundle, HeldOut)))
            {
                yield return new(
                    Key,
                    $"the bundle '{spec.Model}' ships no held-out images ({Path.Combine(bundle, HeldOut)}); use none, or the folder of a "
                        + "data set in PASCAL VOC layout"
                );
                yield break;
            }

            dataset = VocFolder.OpenAs(labels, Path.Combine(bundle, HeldOut), HeldOutList, spec.Evaluation.ClassMap);
        }
        else if (Directory.Exists(spec.Evaluation.Dataset))
            dataset = VocFolder.OpenAs(labels, spec.Evaluation.Dataset, null, spec.Evaluation.ClassMap);
        else yield break;

        if (!dataset.Entries.Take(MostMasks).Any(entry => dataset.LoadMask(entry).Labels.Any(label => label is > 0 and < 255)))
            yield return new(Key, $"no mask of {dataset.Root} shows a class; nothing can be measured on it");
    }
}
