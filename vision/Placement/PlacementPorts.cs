using FreeMask.Onnx;

namespace FreeMask.Vision.Placement;

/// <summary>Which inputs and outputs of a model are which.</summary>
/// <param name="Background">The input of the background.</param>
/// <param name="Foreground">The input of the object.</param>
/// <param name="Mask">The input of the object's mask.</param>
/// <param name="Logits">The output with two logits a position.</param>
/// <param name="Width">Columns of the inputs.</param>
/// <param name="Height">Rows of the inputs.</param>
/// <param name="FixedBatch">The number of objects that it takes at once; 0 for any.</param>
/// <param name="IsBackgroundShared">Whether it takes one background for all objects.</param>
internal sealed record PlacementPorts(
    string Background,
    string Foreground,
    string Mask,
    string Logits,
    int Width,
    int Height,
    int FixedBatch,
    bool IsBackgroundShared
)
{
    /// <summary>Recognizes them by their channels, and background and object by their names or else by their order, the background
    /// first.</summary>
    /// <param name="session">The model.</param>
    /// <param name="freeSide">The side of inputs whose size is free.</param>
    /// <exception cref="FreeMaskException">The model is no placement model; the message says what it has and what is expected.</exception>
    internal static PlacementPorts Of(OnnxSession session, int freeSide)
    {
        OnnxPort[] images = [.. session.Inputs.Where(port => Channels(port) == 3)];
        OnnxPort[] masks = [.. session.Inputs.Where(port => Channels(port) == 1)];
        if (session.Inputs.Count != 3 || images.Length != 2 || masks.Length != 1)
            throw Unfit(session, $"takes {string.Join("; ", session.Inputs)}");
        var background = images.FirstOrDefault(IsBackground) ?? images.First(port => port != images.FirstOrDefault(IsForeground));
        var foreground = images.First(port => port != background);
        var mask = masks[0];
        var (height, width) = (Side(foreground, 2, freeSide), Side(foreground, 3, freeSide));
        foreach (var port in new[] { background, mask })
            if ((Side(port, 2, height), Side(port, 3, width)) != (height, width))
                throw Unfit(session, $"takes inputs of several sizes ({background}; {foreground}; {mask})");
        if (foreground.Dimensions[0] != mask.Dimensions[0])
            throw Unfit(session, $"takes several numbers of objects and masks ({foreground}; {mask})");
        var output = session.Outputs.FirstOrDefault(port => IsLogits(port, height, width))
            ?? throw Unfit(session, $"gives {string.Join("; ", session.Outputs)}");
        var batch = foreground.Dimensions[0];
        return new(
            background.Name,
            foreground.Name,
            mask.Name,
            output.Name,
            width,
            height,
            Math.Max(0, batch),
            background.Dimensions[0] == 1
        );
    }

    private static int Channels(OnnxPort port) => port.Rank == 4 ? port.Dimensions[1] : 0;

    private static bool IsBackground(OnnxPort port) => Begins(port, "bg") || Begins(port, "back");

    private static bool IsForeground(OnnxPort port) => Begins(port, "fg") || Begins(port, "fore");

    private static bool Begins(OnnxPort port, string with) => port.Name.StartsWith(with, StringComparison.OrdinalIgnoreCase);

    private static int Side(OnnxPort port, int axis, int free) => port.Dimensions[axis] > 0 ? port.Dimensions[axis] : free;

    private static bool IsLogits(OnnxPort port, int height, int width) =>
        port.Rank == 4
        && port.Dimensions[1] is 2 or -1
        && Side(port, 2, height) == height
        && Side(port, 3, width) == width;

    private static FreeMaskException Unfit(OnnxSession session, string what) =>
        new(
            $"{session.Path} {what}. A placement model takes a background [n, 3, h, w], an object [n, 3, h, w] and its mask [n, 1, h, w], "
                + "and gives logits [n, 2, h, w]; see docs/method.md."
        );
}
