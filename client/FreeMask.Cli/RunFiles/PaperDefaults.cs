using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.RunFiles;

/// <summary>
/// The defaults of <c>preset: paper</c>: those of the paper, and of DiffuMask where the paper takes its first stage from it.
/// </summary>
internal static class PaperDefaults
{
    /// <summary>The word that asks for them.</summary>
    internal const string Preset = "paper";

    /// <summary>Sets the keys that a run file does not name.</summary>
    /// <param name="spec">What the file says.</param>
    /// <param name="names">Whether the file names a key, by its path.</param>
    /// <param name="affinity">The bundle's learned affinity; null for none.</param>
    /// <param name="knowsFewWords">Whether the bundle was trained on few words only, and so not on those of kinds of a class.</param>
    internal static RunSpec Apply(RunSpec spec, Func<string, bool> names, string? affinity, bool knowsFewWords)
    {
        T Default<T>(string key, T own, T paper) => names(key) ? own : paper;
        var (mask, scoring) = (spec.Mask, spec.Scoring);
        // A file that says how many samples take objects, or that none may, has no second uses unless it asks for them.
        var sharesAreOwn = names("composition.multiShare") || spec.Composition.MaxObjects <= 1;
        return spec with
        {
            KeepRatio = Default("keepRatio", spec.KeepRatio, 0.7),
            Mask = mask with
            {
                Preset = Default("mask.preset", mask.Preset, "diffumask"),
                Refinement = Default("mask.refinement", mask.Refinement, "crf"),
                Affinity = Default("mask.affinity", mask.Affinity, affinity),
            },
            Composition = spec.Composition with
            {
                MultiShare = Default("composition.multiShare", spec.Composition.MultiShare, 0.5),
                BothShare = Default("composition.bothShare", spec.Composition.BothShare, sharesAreOwn ? spec.Composition.BothShare : 1),
            },
            Scoring = scoring with
            {
                Criterion = Default("scoring.criterion", scoring.Criterion, ScoreCriteria.IoU),
                Strata = Default("scoring.strata", scoring.Strata, SelectionStrata.Class),
            },
            Generation = spec.Generation with
            {
                Subclasses = Default("generation.subclasses", spec.Generation.Subclasses, knowsFewWords ? null : true),
            },
        };
    }
}
