namespace FreeMask.Imaging;

/// <summary>Decodes one scan into the coefficients of its components: sequential or progressive, Huffman-coded (ITU-T T.81, annexes F and
/// G).</summary>
internal sealed class JpegScan(JpegFrame frame, IReadOnlyList<JpegComponent> components, int first, int last, int high, int low)
{
    internal static ReadOnlySpan<byte> ZigZag =>
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    private int _endOfBand;

    /// <summary>Decodes from a position of the file.</summary>
    /// <param name="data">The file.</param>
    /// <param name="position">Where the coded data begin.</param>
    /// <param name="restart">MCUs between restart markers; 0 for none.</param>
    /// <returns>Where they end.</returns>
    internal int Decode(ReadOnlySpan<byte> data, int position, int restart)
    {
        var bits = new JpegBits(data, position);
        var single = components.Count == 1 ? components[0] : null;
        var (columns, lines) = single is null
            ? (frame.McusX, frame.McusY)
            : (JpegComponent.Ceiling(single.Width, 8), JpegComponent.Ceiling(single.Height, 8));
        foreach (var component in components) (component.Prediction, component.IsScanned) = (0, true);
        for (var mcu = 0; mcu < columns * lines; mcu++)
        {
            if (restart > 0 && mcu > 0 && mcu % restart == 0)
            {
                bits.Restart();
                _endOfBand = 0;
                foreach (var component in components) component.Prediction = 0;
            }

            if (single is not null) Block(ref bits, single, single.Block(mcu % columns, mcu / columns));
            else Mcu(ref bits, mcu % columns, mcu / columns);
        }

        return bits.Position;
    }

    private void Mcu(ref JpegBits bits, int column, int line)
    {
        foreach (var component in components)
            for (var v = 0; v < component.Vertical; v++)
                for (var h = 0; h < component.Horizontal; h++)
                    Block(ref bits, component, component.Block((column * component.Horizontal) + h, (line * component.Vertical) + v));
    }

    private void Block(ref JpegBits bits, JpegComponent component, Span<short> block)
    {
        if (first == 0)
        {
            if (high > 0)
            {
                block[0] |= (short)(bits.Bit() << low);
            }
            else
            {
                component.Prediction += bits.Number(Table(component.Dc).Decode(ref bits));
                block[0] = (short)(component.Prediction << low);
            }
        }

        if (last == 0) return;
        if (high > 0) Refine(ref bits, Table(component.Ac), block);
        else Begin(ref bits, Table(component.Ac), block);
    }

    private static JpegHuffman Table(JpegHuffman? table) => table ?? throw new InvalidDataException("A Huffman table is missing.");

    private void Begin(ref JpegBits bits, JpegHuffman table, Span<short> block)
    {
        if (_endOfBand > 0)
        {
            _endOfBand--;
            return;
        }

        for (var k = Math.Max(1, first); k <= last; k++)
        {
            var (run, size) = Split(table.Decode(ref bits));
            if (size == 0 && run < 15)
            {
                _endOfBand = (1 << run) + bits.Bits(run) - 1;
                return;
            }

            k += run;
            if (k > last) throw new InvalidDataException("A run leaves its block.");
            if (size > 0) block[ZigZag[k]] = (short)(bits.Number(size) << low);
        }
    }

    private void Refine(ref JpegBits bits, JpegHuffman table, Span<short> block)
    {
        var one = (short)(1 << low);
        var k = first;
        for (; k <= last && _endOfBand == 0; k++)
        {
            var (run, size) = Split(table.Decode(ref bits));
            short value = 0;
            if (size > 0) value = bits.Bit() == 1 ? one : (short)-one;
            else if (run < 15)
            {
                _endOfBand = (1 << run) + bits.Bits(run);
                break;
            }

            for (; k <= last; k++)
            {
                ref var known = ref block[ZigZag[k]];
                if (known != 0) Correct(ref bits, ref known, one);
                else if (run-- == 0) break;
            }

            if (value != 0 && k <= last) block[ZigZag[k]] = value;
        }

        if (_endOfBand == 0) return;
        for (; k <= last; k++)
            if (block[ZigZag[k]] != 0) Correct(ref bits, ref block[ZigZag[k]], one);
        _endOfBand--;
    }

    private static void Correct(ref JpegBits bits, ref short known, short one)
    {
        if (bits.Bit() == 1 && (known & one) == 0) known += known > 0 ? one : (short)-one;
    }

    private static (int Run, int Size) Split(int code) => (code >> 4, code & 15);
}
