using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the data sets of the evaluation are there and show the classes of its protocol.</summary>
internal sealed class EvaluationCheck : IRunCheck
{
    private const string HeldOut = "heldout", HeldOutList = "multi", Transfer = "evaluation.transfer";

    // Almost always the first image has one.
    private const int MostImages = 1000;

    public string Key => "evaluation.dataset";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        var evaluation = spec.Evaluation;
        if (evaluation.Dataset == "none" || ProtocolOf(spec) is not { } protocol) yield break;
        if (evaluation.Dataset == HeldOut)
        {
            if (machine.FolderOf(spec.Model) is not { } bundle) yield break;
            if (!Directory.Exists(Path.Combine(bundle, HeldOut)))
            {
                yield return new(
                    Key,
                    $"the bundle '{spec.Model}' ships no held-out images ({Path.Combine(bundle, HeldOut)}); use none, or the folder of a "
                        + "data set"
                );
                yield break;
            }

            var shipped = protocol.Open(Path.Combine(bundle, HeldOut), null, HeldOutList, evaluation.ClassMap);
            foreach (var finding in Of(Key, protocol, shipped)) yield return finding;
        }
        else if (Directory.Exists(evaluation.Dataset))
        {
            var own = protocol.Open(evaluation.Dataset, evaluation.Layout, evaluation.Part, evaluation.ClassMap);
            foreach (var finding in Of(Key, protocol, own)) yield return finding;
        }

        if (evaluation.Transfer is not { } second || !Directory.Exists(second)) yield break;
        var other = protocol.Open(second, null, evaluation.TransferPart, evaluation.TransferClassMap);
        foreach (var finding in Of(Transfer, protocol, other)) yield return finding;
    }

    private static EvaluationProtocol? ProtocolOf(RunSpec spec)
    {
        try
        {
            return EvaluationProtocol.Of(spec.Evaluation.Protocol, spec.LabelSet(), spec.Classes);
        }
        catch (FreeMaskException)
        {
            // The validation reports it.
            return null;
        }
    }

    private static IEnumerable<RunFinding> Of(string key, EvaluationProtocol protocol, MatchedDataset data)
    {
        if (protocol.Missing(data) is { Count: > 0 } missing)
            yield return new(
                key,
                $"{data.Root} has no class {string.Join(", ", missing.Select(name => $"'{name}'"))}, which the protocol "
                    + $"'{protocol.Name}' counts; pair a class of it in a class map, or use another data set"
            );
        else if (!Enumerable.Range(0, Math.Min(MostImages, data.Count)).Any(i => ShowsClass(data.Load(i).Labels)))
            yield return new(key, $"no mask of {data.Root} shows a class; nothing can be measured on it");
    }

    private static bool ShowsClass(LabelMap labels) =>
        labels.Labels.Any(label => label is not (LabelMap.Background or LabelMap.Ignore));
}
