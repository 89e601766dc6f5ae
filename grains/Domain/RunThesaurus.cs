using System.Collections.Concurrent;
using FreeMask.Vision;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Grains.Domain;

/// <summary>The thesaurus of a run: the one that ships, or the one that its run file names.</summary>
internal static class RunThesaurus
{
    private static readonly ConcurrentDictionary<(LabelSet Labels, double Threshold, string? Counts), SceneThesaurus> Known = new();

    /// <summary>The thesaurus, the same object for equal settings.</summary>
    internal static SceneThesaurus Of(RunSpec spec) => Known.GetOrAdd(
        (spec.LabelSet(), spec.Composition.ThesaurusThreshold, spec.Composition.ThesaurusCounts),
        static key =>
        {
            var options = ThesaurusOptions.Default with { Threshold = key.Threshold };
            return key.Counts is { } json
                ? SceneThesaurus.Parse(json, "composition.thesaurus", options, key.Labels)
                : SceneThesaurus.LoadDefault(options, key.Labels);
        }
    );
}
