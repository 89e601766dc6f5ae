using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Onnx;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the segmenter that scores the samples can be opened, and knows the classes of the run.</summary>
internal sealed class JudgeCheck : IRunCheck
{
    public string Key => "scoring.segmenter";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Scoring.Segmenter is not { } folder || !Directory.Exists(folder)) yield break;
        var card = SegmenterCard.Load(Path.Combine(folder, ModelFileNames.Card));
        var graph = OnnxGraphReader.Read(Path.Combine(folder, ModelFileNames.Onnx));
        ModelFiles.RequireWeights(graph);
        if (!graph.Inputs.Any(input => input.Name == card.InputName))
            yield return new(Key, $"{graph.Path} has no input '{card.InputName}', which {ModelFileNames.Card} names");
        if (Map(card, spec, out var problem) is not { } map)
        {
            yield return new("scoring.classMap", problem!);
            yield break;
        }

        foreach (var name in spec.Classes)
            if (!map.Labels.Contains((byte)Math.Max(0, spec.LabelSet().IndexOf(name))))
                yield return new(
                    Key,
                    $"the segmenter has no class '{name}' ({string.Join(", ", card.Classes.Take(6))}, ...), so that all its samples would "
                        + "score 0; pair its class in scoring.classMap, or leave the class out"
                );
    }

    private static ClassMapping? Map(SegmenterCard card, RunSpec spec, out string? problem)
    {
        try
        {
            problem = null;
            return ClassMapping.To(spec.LabelSet(), card.Classes, spec.Scoring.ClassMap);
        }
        catch (FreeMaskException wrong)
        {
            problem = wrong.Message.TrimEnd('.');
            return null;
        }
    }
}
