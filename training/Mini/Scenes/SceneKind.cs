using FreeMask.Randomness;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>The procedural surroundings of an object.</summary>
internal enum SceneKind
{
    /// <summary>A meadow under the sky.</summary>
    Grass,

    /// <summary>An asphalt road.</summary>
    Road,

    /// <summary>Open water.</summary>
    Water,

    /// <summary>Sky and clouds only.</summary>
    Sky,

    /// <summary>A wall and a floor.</summary>
    Room,

    /// <summary>A snow field.</summary>
    Snow,

    /// <summary>A beach or a desert.</summary>
    Sand,

    /// <summary>Trees all around.</summary>
    Forest,
}

/// <summary>What belongs together: how often a class stands in a scene, and how a caption names the scene.</summary>
internal static class SceneKinds
{
    /// <summary>How many kinds there are.</summary>
    public const int Count = 8;

    private static readonly string[] Phrases =
        ["on the grass", "on the road", "on the water", "in the sky", "in the room", "in the snow", "on the sand", "in the forest"];

    // Rows: VOC classes 1 to 20. Columns: grass road water sky room snow sand forest. Relative weights.
    private static readonly int[][] Weights =
    [
        [5, 15, 0, 75, 0, 5, 0, 0],
        [25, 45, 0, 0, 10, 5, 10, 5],
        [30, 0, 25, 20, 0, 5, 10, 10],
        [5, 0, 80, 0, 0, 0, 15, 0],
        [15, 0, 0, 0, 60, 5, 20, 0],
        [10, 65, 0, 0, 0, 15, 5, 5],
        [10, 60, 0, 0, 0, 15, 10, 5],
        [35, 10, 0, 0, 40, 5, 5, 5],
        [20, 0, 0, 0, 65, 5, 10, 0],
        [65, 5, 0, 0, 0, 10, 10, 10],
        [15, 0, 0, 0, 70, 5, 10, 0],
        [40, 10, 0, 0, 25, 10, 10, 5],
        [55, 5, 0, 0, 0, 10, 20, 10],
        [10, 65, 0, 0, 0, 5, 15, 5],
        [20, 20, 0, 0, 15, 15, 20, 10],
        [20, 0, 0, 0, 60, 0, 15, 5],
        [65, 5, 0, 0, 0, 15, 10, 5],
        [10, 0, 0, 0, 80, 0, 10, 0],
        [40, 20, 0, 0, 0, 20, 10, 10],
        [10, 0, 0, 0, 80, 0, 10, 0],
    ];

    /// <summary>How a caption says where something is, such as <c>on the grass</c>.</summary>
    public static string Phrase(this SceneKind kind) => Phrases[(int)kind];

    /// <summary>The scene's own word, such as <c>grass</c>.</summary>
    public static string Word(this SceneKind kind) => Phrases[(int)kind].Split(' ')[^1];

    /// <summary>Whether objects of a class are ever put into a scene of this kind.</summary>
    public static bool Suits(int classId, SceneKind kind) => Weights[classId - 1][(int)kind] > 0;

    /// <summary>The kind in which a class is seen most.</summary>
    public static SceneKind Usual(int classId) => (SceneKind)Array.IndexOf(Weights[classId - 1], Weights[classId - 1].Max());

    /// <summary>Draws the surroundings of an object of a class.</summary>
    internal static SceneKind Draw(int classId, CounterRandom random)
    {
        var weights = Weights[classId - 1];
        var left = random.NextInt(weights.Sum());
        for (var kind = 0; kind < Count; kind++)
        {
            left -= weights[kind];
            if (left < 0) return (SceneKind)kind;
        }

        throw new FreeMaskException("The scene weights do not add up.");
    }
}
