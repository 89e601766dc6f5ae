using FreeMask.Randomness;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Vision.Placement;

/// <summary>Which objects to try in a background, decided before any image is read.</summary>
internal static class DonorSampler
{
    // Without a known background, what captions name beside the object decides; from this share of the best companion on.
    private const double CompanionThreshold = 0.02;

    // Of a class that no caption names nothing is known: it may come into every background, as often as a common one.
    private const double UnknownWeight = 0.5;

    /// <summary>
    /// Whether a class may come into a background: the thesaurus allows it and the scene offers something to rest on. Where the background
    /// is unknown, whether captions name the class beside the background's own.
    /// </summary>
    /// <param name="scene">The background in words, or null.</param>
    /// <param name="ownClass">The class of the background's object.</param>
    /// <param name="classId">The class to come in.</param>
    /// <param name="thesaurus">Null for the one that ships.</param>
    /// <param name="classes">What is known of the classes; null for VOC's.</param>
    public static bool Fits(string? scene, int ownClass, int classId, SceneThesaurus? thesaurus = null, LabelSet? classes = null) =>
        Weight(scene, ownClass, (classes ?? LabelSet.Voc)[classId], thesaurus ?? SceneThesaurus.LoadDefault(classes: classes)) > 0;

    /// <summary>
    /// Draws donors in order of preference, without repetition: first a class, with weight sqrt(R~(f, scene)) (1 + R~(f, own)) / 2 among
    /// those that fit, times its factor of <paramref name="balance"/>, then any donor of it.
    /// </summary>
    /// <param name="donors">Id and class of every possible donor.</param>
    /// <param name="scene">The background in words, or null.</param>
    /// <param name="ownClass">The class of the background's object.</param>
    /// <param name="count">How many to draw; ask for more than are pasted, some find no place.</param>
    /// <param name="random">The sample's stream for this purpose.</param>
    /// <param name="thesaurus">Null for the one that ships.</param>
    /// <param name="classes">What is known of the classes; null for VOC's.</param>
    /// <param name="balance">Factors of the weights; null for none.</param>
    /// <typeparam name="TId">What names a donor.</typeparam>
    public static IReadOnlyList<TId> Draw<TId>(
        IReadOnlyList<(TId Id, int ClassId)> donors,
        string? scene,
        int ownClass,
        int count,
        CounterRandom random,
        SceneThesaurus? thesaurus = null,
        LabelSet? classes = null,
        DonorBalance? balance = null
    )
    {
        ArgumentNullException.ThrowIfNull(donors);
        ArgumentNullException.ThrowIfNull(random);
        var known = thesaurus ?? SceneThesaurus.LoadDefault(classes: classes);
        var labels = classes ?? LabelSet.Voc;
        var pools = donors.GroupBy(d => d.ClassId).OrderBy(g => g.Key)
            .Select(g => (
                Weight: Weight(scene, ownClass, labels[g.Key], known) * (balance ?? DonorBalance.None).Factor(scene, g.Key),
                Ids: g.Select(d => d.Id).ToList()))
            .Where(p => p.Weight > 0).ToList();
        var drawn = new List<TId>();
        while (drawn.Count < count && pools.Count > 0)
        {
            var pool = pools[DrawIndex(pools.ConvertAll(p => p.Weight), random)];
            var at = random.NextInt(pool.Ids.Count);
            drawn.Add(pool.Ids[at]);
            pool.Ids.RemoveAt(at);
            if (pool.Ids.Count == 0) pools.Remove(pool);
        }

        return drawn;
    }

    /// <summary>The weight of a class in a scene of the thesaurus, whatever stands there: 0 where it does not fit.</summary>
    internal static double SceneWeight(string scene, LabelClass item, SceneThesaurus thesaurus)
    {
        if (!SceneRules.Fits(scene, item)) return 0;
        if (!thesaurus.Knows(item.Id)) return UnknownWeight;
        return thesaurus.MatchOf(scene, item.Id) is { Allowed: true } match ? Math.Sqrt(match.Normalized) : 0;
    }

    private static double Weight(string? background, int ownClass, LabelClass item, SceneThesaurus thesaurus)
    {
        var scene = background is null ? null : thesaurus.Find(background);
        if (!SceneRules.Fits(scene, item)) return 0;
        if (!thesaurus.Knows(item.Id)) return UnknownWeight;
        var beside = ownClass == item.Id || thesaurus.Knows(ownClass) ? thesaurus.Beside(item.Id, ownClass) : UnknownWeight;
        if (scene is null) return beside >= CompanionThreshold ? beside : 0;
        return SceneWeight(scene, item, thesaurus) * (1 + beside) / 2;
    }

    private static int DrawIndex(List<double> weights, CounterRandom random)
    {
        var target = random.NextDouble() * weights.Sum();
        for (var i = 0; i < weights.Count - 1; i++)
        {
            target -= weights[i];
            if (target < 0) return i;
        }

        return weights.Count - 1;
    }
}
