using System.Collections.Immutable;
using FreeMask.Randomness;

namespace FreeMask.Grains.Domain;

/// <summary>Plans samples: class, background, prompt and random stream. A pure function of specification, round and index.</summary>
internal static class SamplePlanner
{
    /// <summary>Names the stream of random numbers of composition.</summary>
    public const string ComposePurpose = "compose";

    /// <summary>
    /// Second uses of drawings among the samples of a round: B = floor(N b / (1 + b)) of N samples, where the share b of the N - B drawings
    /// is used twice. They have the last indices, in the order of their drawings, which are the first.
    /// </summary>
    public static int SecondUsesPerRound(RunSpec spec) => SecondUsesAmong(spec.SamplesPerRound, spec.Composition.BothShare);

    /// <summary>Drawings in a round: the samples that have an image of their own.</summary>
    public static int DrawingsPerRound(RunSpec spec) => spec.SamplesPerRound - SecondUsesPerRound(spec);

    /// <summary>The largest number of samples of a round with at most so many drawings.</summary>
    /// <param name="drawings">Drawings of the round.</param>
    /// <param name="bothShare">The fraction of them that is used twice.</param>
    public static int SamplesOf(int drawings, double bothShare)
    {
        var samples = drawings;
        while (samples + 1 - SecondUsesAmong(samples + 1, bothShare) <= drawings) samples++;
        return samples;
    }

    /// <summary>The index of the drawing whose image a second use takes; null for a drawing.</summary>
    public static int? DrawingOf(RunSpec spec, int index) =>
        DrawingsPerRound(spec) is var drawings && index >= drawings ? index - drawings : null;

    /// <summary>The index of the second use of a drawing; null where it has none.</summary>
    public static int? SecondUseOf(RunSpec spec, int index) =>
        index < SecondUsesPerRound(spec) ? DrawingsPerRound(spec) + index : null;

    /// <summary>
    /// Plans one sample. Images of a folder are taken in their order. For generated ones the classes rotate, so that each gets the same
    /// share of every round (plus or minus one), and backgrounds are drawn among those that fit the class. The second use of a drawing has
    /// the drawing's plan.
    /// </summary>
    public static SamplePlan Plan(RunSpec spec, int round, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(round);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return DrawingOf(spec, index) is { } drawing
            ? PlanDrawing(spec, round, drawing) with { Drawing = drawing }
            : PlanDrawing(spec, round, index);
    }

    private static SamplePlan PlanDrawing(RunSpec spec, int round, int index)
    {
        var stream = StreamOf(spec, round, index);
        var name = ClassOf(spec, round, index);
        var labels = spec.LabelSet();
        var classId = labels.IndexOf(name);
        if (spec.Source.IsFolder)
            return new SamplePlan(stream, name, classId, "", "", "", spec.Seed, spec.Source.Images[PlaceOf(spec, round, index)]);
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
            ? spec.LabelSet().Names[spec.Source.Classes[PlaceOf(spec, round, OwnOrDrawing(spec, index))]]
            : spec.Classes[OwnOrDrawing(spec, index) % spec.Classes.Length];

    /// <summary>Whether an attempt of a sample takes objects of others; the others keep their single object.</summary>
    public static bool TakesObjects(RunSpec spec, int round, int index, int attempt) =>
        TakesObjects(spec, index, ComposeStream(spec, StreamOf(spec, round, OwnOrDrawing(spec, index)), attempt));

    /// <summary>
    /// The same, from the attempt's stream for composition, of which it takes the first number. A second use always takes objects, and its
    /// drawing never does.
    /// </summary>
    public static bool TakesObjects(RunSpec spec, int index, CounterRandom random)
    {
        var isDrawn = random.NextDouble() < spec.Composition.MultiShare;
        if (spec.Composition.MaxObjects <= 1 || SecondUseOf(spec, index) is not null) return false;
        return isDrawn || DrawingOf(spec, index) is not null;
    }

    /// <summary>
    /// The fold of a sample in the cross-fitting of round 0. Folds rotate within each class, so that every fold has every class if the
    /// class has at least as many drawings as there are folds. Drawings of smaller classes are assigned one after another, so that no fold
    /// gets all of them: a training set lacks only classes with one drawing. A second use is in the fold of its drawing, so that no model
    /// scores an image that it was trained on.
    /// </summary>
    public static int FoldOf(RunSpec spec, int index) => FoldOfDrawing(spec, OwnOrDrawing(spec, index));

    private static int FoldOfDrawing(RunSpec spec, int index) =>
        (spec.Source.IsFolder ? PlaceInFolder(spec, index) : (index / spec.Classes.Length) + (index % spec.Classes.Length))
        % spec.Scoring.Folds;

    private static int PlaceInFolder(RunSpec spec, int index)
    {
        var round = spec.Source.Classes.AsSpan()[..Math.Min(DrawingsPerRound(spec), spec.Source.Classes.Length)];
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

    // The small number is larger than the error of the division, and smaller than a sample.
    private static int SecondUsesAmong(int samples, double share) =>
        (int)((samples * share / (1 + share)) + 1e-6);

    private static int OwnOrDrawing(RunSpec spec, int index) => DrawingOf(spec, index) ?? index;

    /// <summary>The place of a drawing's image in the folder: rounds take their drawings one after another.</summary>
    private static int PlaceOf(RunSpec spec, int round, int drawing) => (round * DrawingsPerRound(spec)) + drawing;

    private static long StreamOf(RunSpec spec, int round, int index) => ((long)round * spec.SamplesPerRound) + index;
}
