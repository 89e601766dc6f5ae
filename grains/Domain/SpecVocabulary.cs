using System.Collections.Immutable;
using FreeMask.Diffusion.Schedulers;

namespace FreeMask.Grains.Domain;

/// <summary>The words that a run file may use where it chooses among named ways.</summary>
public static class SpecVocabulary
{
    /// <summary>Where images and masks come from.</summary>
    public static ImmutableArray<string> Sources { get; } = ["diffusion", "folder"];

    /// <summary>Samplers.</summary>
    public static ImmutableArray<string> Schedulers { get; } = [.. SchedulerFile.SamplerNames];

    /// <summary>Ways to combine attention maps.</summary>
    public static ImmutableArray<string> MaskPresets { get; } = ["freemask", "daam", "diffumask", "dataset-diffusion"];

    /// <summary>Clean-ups of label maps.</summary>
    public static ImmutableArray<string> Cleanups { get; } = ["default", "none", "pamr", "guided", "crf"];

    /// <summary>Starting weights of a training.</summary>
    public static ImmutableArray<string> Inits { get; } = ["bundle", "backbone", "none"];
}
