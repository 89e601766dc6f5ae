using System.Collections.Concurrent;
using System.Collections.Immutable;
using FreeMask.Vision;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Grains.Domain;

/// <summary>Selects the backgrounds of a run that fit a class (adaptive matching by the thesaurus).</summary>
internal static class BackgroundMatch
{
    private static readonly ConcurrentDictionary<(LabelSet Labels, double Threshold), SceneThesaurus> Thesauri = new();
    private static readonly ConcurrentDictionary<(LabelSet Labels, int ClassId, string Background, double Threshold), bool> Known = new();

    /// <summary>
    /// The backgrounds that fit, in their order: those that the thesaurus allows for the class and that offer a surface on which it rests,
    /// and those that the thesaurus does not contain. If none fits, all of them: the run file names them on purpose.
    /// </summary>
    internal static ImmutableArray<string> Fitting(RunSpec spec, int classId)
    {
        var labels = spec.LabelSet();
        var fitting = spec.Backgrounds.RemoveAll(name => !Fits(labels, classId, name, spec.Composition.ThesaurusThreshold));
        return fitting.IsEmpty ? spec.Backgrounds : fitting;
    }

    private static bool Fits(LabelSet labels, int classId, string background, double threshold) =>
        Known.GetOrAdd(
            (labels, classId, background, threshold),
            static key =>
            {
                var thesaurus = Thesauri.GetOrAdd(
                    (key.Labels, key.Threshold),
                    static k => SceneThesaurus.LoadDefault(ThesaurusOptions.Default with { Threshold = k.Threshold }, k.Labels)
                );
                return thesaurus.Find(key.Background) is not { } scene
                    || (SceneRules.Fits(scene, key.Labels[key.ClassId]) && thesaurus.Allows(scene, key.ClassId));
            }
        );
}
