using System.Collections.Concurrent;
using System.Collections.Immutable;
using FreeMask.Vision;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Grains.Domain;

/// <summary>Selects the backgrounds of a run that fit a class (adaptive matching by the thesaurus).</summary>
internal static class BackgroundMatch
{
    private static readonly ConcurrentDictionary<(SceneThesaurus, LabelSet, int ClassId, string Background), bool> Known = new();

    /// <summary>
    /// The backgrounds that fit, in their order: those that the thesaurus allows for the class and that offer a surface on which it rests,
    /// and those that the thesaurus does not contain. If none fits, all of them: the run file names them on purpose.
    /// </summary>
    internal static ImmutableArray<string> Fitting(RunSpec spec, int classId)
    {
        var labels = spec.LabelSet();
        var thesaurus = RunThesaurus.Of(spec);
        var fitting = spec.Backgrounds.RemoveAll(name => !Known.GetOrAdd((thesaurus, labels, classId, name), Fits));
        return fitting.IsEmpty ? spec.Backgrounds : fitting;
    }

    private static bool Fits((SceneThesaurus Thesaurus, LabelSet Labels, int ClassId, string Background) key) =>
        key.Thesaurus.Find(key.Background) is not { } scene
            || (SceneRules.Fits(scene, key.Labels[key.ClassId]) && key.Thesaurus.Allows(scene, key.ClassId));
}
