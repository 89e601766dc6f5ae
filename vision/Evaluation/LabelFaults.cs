using FreeMask.Imaging;
using FreeMask.Randomness;

namespace FreeMask.Vision.Evaluation;

/// <summary>A way to harm a label map.</summary>
internal enum LabelFault
{
    /// <summary>The label of an object is moved by a quarter of its width or height.</summary>
    Shifted,

    /// <summary>It is grown by a tenth of the square root of its area, on all sides.</summary>
    Grown,

    /// <summary>It is shrunk by as much.</summary>
    Shrunk,

    /// <summary>Half of it is missing.</summary>
    Cut,

    /// <summary>All of it is missing; only where there is another object.</summary>
    Missing,

    /// <summary>Its class is another one.</summary>
    WrongClass,
}

/// <summary>Harms one object of a label map in a known way, to see which measure finds it.</summary>
internal static class LabelFaults
{
    private const double ShiftShare = 0.25, EdgeShare = 0.1;

    /// <summary>Harms a random object.</summary>
    /// <param name="labels">Classes: 0 background, 255 undecided.</param>
    /// <param name="instances">The number of the object of each pixel, of the same size.</param>
    /// <param name="fault">How.</param>
    /// <param name="classes">The classes that a wrong class is drawn from, by index.</param>
    /// <param name="random">Draws the object, the direction and the class.</param>
    /// <returns>The harmed maps; null if this fault is not possible here.</returns>
    public static (LabelMap Labels, LabelMap Instances)? Harm(
        LabelMap labels,
        LabelMap instances,
        LabelFault fault,
        IReadOnlyList<byte> classes,
        CounterRandom random
    )
    {
        LabelMaps.RequireSameSize(labels, instances);
        var numbers = instances.Labels.Where(n => n is not (0 or LabelMap.Ignore)).Distinct().Order().ToArray();
        if (numbers.Length == 0 || (fault == LabelFault.Missing && numbers.Length < 2)) return null;
        var number = numbers[random.NextInt(numbers.Length)];
        var own = Array.ConvertAll(instances.Labels, n => (byte)(n == number ? 1 : 0));
        var classId = labels.Labels[Array.IndexOf(instances.Labels, number)];
        var (harmedLabels, harmedInstances) = (labels.Clone(), instances.Clone());
        var (changed, label) = fault == LabelFault.WrongClass
            ? (own, Other(classId, classes, random))
            : (Reshape(own, labels.Width, fault, random), classId);
        if (label == 0) return null;
        for (var i = 0; i < own.Length; i++)
        {
            if (own[i] == 1 && changed[i] == 0) Set(i, LabelMap.Background, 0);
            // A label that grows or moves hides no other object.
            else if (changed[i] == 1 && (own[i] == 1 || instances.Labels[i] is 0 or LabelMap.Ignore)) Set(i, label, number);
        }

        return (harmedLabels, harmedInstances);

        void Set(int i, byte newLabel, byte newInstance) =>
            (harmedLabels.Labels[i], harmedInstances.Labels[i]) = (newLabel, newInstance);
    }

    private static byte[] Reshape(byte[] own, int width, LabelFault fault, CounterRandom random)
    {
        var radius = Math.Max(1, (int)Math.Round(EdgeShare * Math.Sqrt(own.Count(o => o == 1))));
        return fault switch
        {
            LabelFault.Grown => Regions.Dilate(own, width, radius),
            LabelFault.Shrunk => Regions.Erode(own, width, radius, outside: 1),
            LabelFault.Missing => new byte[own.Length],
            LabelFault.Cut => Cut(own, width, random),
            _ => Shift(own, width, random),
        };
    }

    private static byte[] Shift(byte[] own, int width, CounterRandom random)
    {
        var height = own.Length / width;
        var (left, top, right, bottom) = Bounds(own, width);
        var (horizontal, sign) = (random.NextInt(2) == 0, random.NextInt(2) == 0 ? 1 : -1);
        var dx = horizontal ? sign * Math.Max(1, (int)(ShiftShare * (right - left))) : 0;
        var dy = horizontal ? 0 : sign * Math.Max(1, (int)(ShiftShare * (bottom - top)));
        var shifted = new byte[own.Length];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                if ((uint)(x - dx) < (uint)width && (uint)(y - dy) < (uint)height)
                    shifted[(y * width) + x] = own[((y - dy) * width) + x - dx];
        return shifted;
    }

    /// <summary>Leaves what lies on one side of the middle.</summary>
    private static byte[] Cut(byte[] own, int width, CounterRandom random)
    {
        var along = random.NextInt(2) == 0;
        var upper = random.NextInt(2) == 0;
        var positions = Enumerable.Range(0, own.Length).Where(i => own[i] == 1).Select(Position).Order().ToList();
        var middle = positions[positions.Count / 2];
        return [.. own.Select((o, i) => o == 1 && (upper ? Position(i) >= middle : Position(i) < middle) ? (byte)1 : (byte)0)];

        int Position(int i) => along ? i % width : i / width;
    }

    private static (int Left, int Top, int Right, int Bottom) Bounds(byte[] own, int width)
    {
        var set = Enumerable.Range(0, own.Length).Where(i => own[i] == 1).ToList();
        return (set.Min(i => i % width), set[0] / width, set.Max(i => i % width) + 1, (set[^1] / width) + 1);
    }

    private static byte Other(byte classId, IReadOnlyList<byte> classes, CounterRandom random)
    {
        var others = classes.Where(c => c != classId).ToArray();
        return others.Length == 0 ? (byte)0 : others[random.NextInt(others.Length)];
    }
}
