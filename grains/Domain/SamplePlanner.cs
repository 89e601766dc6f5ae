using System.Collections.Immutable;
using FreeMask.Randomness;

namespace FreeMask.Grains.Domain;

/// <summary>Plans samples: class, background, prompt and random stream. A pure function of specification, round and index.</summary>
internal static class SamplePlanner
{
    /// <summary>Names the stream of random numbers of composition.</summary>
    public const string ComposePurpose = "compose";

    /// <summary>
    /// Plans one sample. Images of a folder are taken in their order. For generated ones the classes rotate, so that each gets the same
    /// share of every round (plus or minus one), and backgrounds are drawn among those that fit the class.
    /// </summary>
    public static SamplePlan Plan(RunSpec spec, int round, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(round);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var stream = StreamOf(spec, round, index);
        var name = ClassOf(spec, round, index);
        var labels = spec.LabelSet();
        var classId = labels.IndexOf(name);
        if (spec.Source.IsFolder) return new SamplePlan(stream, name, classId, "", "", "", spec.Seed, spec.Source.Images[(int)stream]);
        var random = new CounterRandom(spec.Seed, stream, 0, "plan");
        var backgrounds = BackgroundMatch.Fitting(spec, classId);
        var background = backgrounds.IsEmpty ? "" : backgrounds[random.NextInt(backgrounds.Length)];
        var templates = UsableTemplates(spec);
        var template = templates[random.NextInt(templates.Length)];
        if (!PromptTemplate.NamesBackground(template)) background = "";
        var kinds = spec.NamesSubclasses() ? labels[classId].Subclasses : [];
        var words = kinds.Count > 0 ? kinds[random.NextInt(kinds.Count)] : labels[classId].Words;
        var prompt = PromptTemplate.Fill(template, words, background);
        return new SamplePlan(stream, name, classId, background, prompt, spec.Generation.NegativePrompt, spec.Seed);
    }

    /// <summary>The record of a new sample.</summary>
    public static SampleRecord Fresh(RunSpec spec, int round, int index) => SampleTransitions.Fresh(round, index, Plan(spec, round, index));

    /// <summary>The class that a sample counts for.</summary>
    public static string ClassOf(RunSpec spec, int round, int index) =>
        spec.Source.IsFolder
            ? spec.LabelSet().Names[spec.Source.Classes[(int)StreamOf(spec, round, index)]]
            : spec.Classes[index % spec.Classes.Length];

    /// <summary>Whether an attempt of a sample takes objects of others; the others keep their single object.</summary>
    public static bool TakesObjects(RunSpec spec, int round, int index, int attempt) =>
        TakesObjects(spec.Composition, ComposeStream(spec, StreamOf(spec, round, index), attempt));

    /// <summary>The same, from the attempt's stream for composition, of which it takes the first number.</summary>
    public static bool TakesObjects(CompositionSpec composition, CounterRandom random) =>
        random.NextDouble() < composition.MultiShare && composition.MaxObjects > 1;

    /// <summary>
    /// The fold of a sample in the cross-fitting of round 0. Folds rotate within each class, so that every fold has every class if the
    /// class has at least as many samples as there are folds. Samples of smaller classes are assigned one after another, so that no fold
    /// gets all of them: a training set lacks only classes with one sample.
    /// </summary>
    public static int FoldOf(RunSpec spec, int index) =>
        (spec.Source.IsFolder ? PlaceInFolder(spec, index) : (index / spec.Classes.Length) + (index % spec.Classes.Length))
        % spec.Scoring.Folds;

    private static int PlaceInFolder(RunSpec spec, int index)
    {
        var round = spec.Source.Classes.AsSpan()[..Math.Min(spec.SamplesPerRound, spec.Source.Classes.Length)];
        var own = round[index];
        var place = round[..index].Count(own);
        if (round.Count(own) >= spec.Scoring.Folds) return place;
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        foreach (var other in round) counts[other]++;
        for (var other = 0; other < own; other++)
            if (counts[other] < spec.Scoring.Folds) place += counts[other];
        return place;
    }

    /// <summary>The templates that can be filled: those with a background only if the run has backgrounds.</summary>
    internal static ImmutableArray<string> UsableTemplates(RunSpec spec) =>
        spec.Backgrounds.IsEmpty ? [.. spec.Generation.Prompts.Where(t => !PromptTemplate.NamesBackground(t))] : spec.Generation.Prompts;

    private static CounterRandom ComposeStream(RunSpec spec, long stream, int attempt) => new(spec.Seed, stream, attempt, ComposePurpose);

    private static long StreamOf(RunSpec spec, int round, int index) => ((long)round * spec.SamplesPerRound) + index;
}
