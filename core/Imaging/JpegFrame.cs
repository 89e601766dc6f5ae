namespace FreeMask.Imaging;

/// <summary>One component of a JPEG frame with its coefficients, block after block in natural order.</summary>
internal sealed class JpegComponent(int id, int horizontal, int vertical, int quantization)
{
    internal int Id { get; } = id;

    internal int Horizontal { get; } = horizontal;

    internal int Vertical { get; } = vertical;

    internal int Quantization { get; } = quantization;

    /// <summary>Samples of the component's own grid.</summary>
    internal int Width { get; private set; }

    internal int Height { get; private set; }

    /// <summary>Blocks a line, with those that only fill the last MCU.</summary>
    internal int Stride { get; private set; }

    internal int Lines { get; private set; }

    internal short[] Coefficients { get; private set; } = [];

    internal JpegHuffman? Dc { get; set; }

    internal JpegHuffman? Ac { get; set; }

    internal int Prediction { get; set; }

    /// <summary>Whether a scan had this component.</summary>
    internal bool IsScanned { get; set; }

    /// <summary>Sets the sizes that follow from the frame.</summary>
    internal void Measure(JpegFrame frame)
    {
        (Width, Height) = (
            Ceiling(frame.Width * Horizontal, frame.MaximumHorizontal),
            Ceiling(frame.Height * Vertical, frame.MaximumVertical)
        );
        (Stride, Lines) = (frame.McusX * Horizontal, frame.McusY * Vertical);
    }

    internal void Allocate() => Coefficients = new short[Stride * Lines * 64];

    internal Span<short> Block(int column, int line) => Coefficients.AsSpan(((line * Stride) + column) * 64, 64);

    internal static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}

/// <summary>The geometry of a JPEG image.</summary>
internal sealed class JpegFrame
{
    internal JpegFrame(int width, int height, bool progressive, IReadOnlyList<JpegComponent> components)
    {
        (Width, Height, Progressive, Components) = (width, height, progressive, components);
        (MaximumHorizontal, MaximumVertical) = (components.Max(c => c.Horizontal), components.Max(c => c.Vertical));
        (McusX, McusY) = (
            JpegComponent.Ceiling(width, 8 * MaximumHorizontal),
            JpegComponent.Ceiling(height, 8 * MaximumVertical)
        );
        foreach (var component in components) component.Measure(this);
    }

    internal int Width { get; }

    internal int Height { get; }

    internal bool Progressive { get; }

    internal IReadOnlyList<JpegComponent> Components { get; }

    internal int MaximumHorizontal { get; }

    internal int MaximumVertical { get; }

    internal int McusX { get; }

    internal int McusY { get; }
}
