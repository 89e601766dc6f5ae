using System.Collections.Concurrent;
using System.Collections.Immutable;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Grains.Domain;

/// <summary>Selects the backgrounds of a run that fit a class (adaptive matching by the thesaurus).</summary>
internal static class BackgroundMatch
{
    private static readonly ConcurrentDictionary<double, SceneThesaurus> Thesauri = new();
    private static readonly ConcurrentDictionary<(int ClassId, string Background, double Threshold), bool> Known = new();

    /// <summary>
    /// The backgrounds that fit, in their order: those that the thesaurus allows for the class and that offer a surface on which it rests,
    /// and those that the thesaurus does not contain. If none fits, all of them: the run file names them on purpose.
    /// </summary>
    internal static ImmutableArray<string> Fitting(RunSpec spec, int classId)
    {
        var fitting = spec.Backgrounds.RemoveAll(background => !Fits(classId, background, spec.Composition.ThesaurusThreshold));
        return fitting.IsEmpty ? spec.Backgrounds : fitting;
    }

    private static bool Fits(int classId, string background, double threshold) =>
        Known.GetOrAdd(
            (classId, background, threshold),
            static key =>
            {
                var thesaurus = Thesauri.GetOrAdd(
                    key.Threshold,
                    static t => SceneThesaurus.LoadDefault(ThesaurusOptions.Default with { Threshold = t })
                );
                return thesaurus.Find(key.Background) is not { } scene
                    || (SceneRules.Fits(scene, key.ClassId) && thesaurus.Allows(scene, key.ClassId));
            }
        );
}
