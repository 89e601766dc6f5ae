using System.Collections.Concurrent;
using FreeMask.Vision;

namespace FreeMask.Grains.Domain;

/// <summary>The label sets of runs.</summary>
internal static class RunLabels
{
    private static readonly ConcurrentDictionary<string, LabelSet> Known = new(StringComparer.Ordinal);

    /// <summary>The label set of a run.</summary>
    /// <exception cref="FreeMaskException">The specification names none that ships.</exception>
    internal static LabelSet LabelSet(this RunSpec spec)
    {
        if (!string.IsNullOrEmpty(spec.LabelDefinition)) return Known.GetOrAdd(spec.LabelDefinition, LabelSetJson.Read);
        return spec.Labels switch
        {
            null or "" or Vision.LabelSet.VocName => Vision.LabelSet.Voc,
            Vision.LabelSet.OwnName => Known.GetOrAdd(string.Join('\n', spec.Classes), _ => Vision.LabelSet.Own(spec.Classes)),
            var name => Vision.LabelSet.Named(name),
        };
    }

    /// <summary>Whether prompts name kinds of the classes.</summary>
    internal static bool NamesSubclasses(this RunSpec spec) => spec.Generation.Subclasses ?? !string.IsNullOrEmpty(spec.LabelDefinition);
}
