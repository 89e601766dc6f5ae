using System.Buffers.Binary;

namespace FreeMask.Imaging;

/// <summary>
/// JPEGs of four components: CMYK, and Adobe's YCCK. Image libraries turn them to RGB each in its own way; here R = (255 - C) (255 - K) /
/// 255, rounded, as Pillow's
/// <c>convert("RGB")</c> does, which data sets are made with; no color profile is applied. All four are stored inverted, as Adobe does,
/// whether its marker is there or not: so read them Pillow and ImageMagick, and files that are not inverted are hardly made. Sequential and
/// progressive, Huffman-coded, 8 bits (ITU-T T.81).
/// </summary>
internal sealed class CmykJpeg
{
    private readonly string _origin;
    private readonly long _maximumPixels;
    private readonly ushort[]?[] _quantization = new ushort[4][];
    private readonly JpegHuffman?[] _dc = new JpegHuffman?[4], _ac = new JpegHuffman?[4];
    private JpegFrame? _frame;
    private int _restart;

    // Adobe's transform: 0 CMYK, 2 YCCK.
    private int _transform;

    private CmykJpeg(string origin, long maximumPixels) => (_origin, _maximumPixels) = (origin, maximumPixels);

    /// <summary>Whether a JPEG's frame has four components.</summary>
    internal static bool Recognizes(ReadOnlySpan<byte> data)
    {
        for (var at = 2; at + 4 <= data.Length && data[at] == 0xFF;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(data[(at + 2)..]);
            if (data[at + 1] is 0xC0 or 0xC1 or 0xC2) return at + 10 <= data.Length && data[at + 9] == 4;
            if (data[at + 1] is 0xDA or 0xD9) return false;
            at += data[at + 1] == 0xFF ? 1 : 2 + length;
        }

        return false;
    }

    /// <summary>Decodes a file that <see cref="Recognizes"/> knows, as it is stored.</summary>
    /// <exception cref="FreeMaskException">The file is damaged, truncated or too large.</exception>
    internal static RgbImage Read(ReadOnlySpan<byte> data, string origin, long maximumPixels)
    {
        try
        {
            return new CmykJpeg(origin, maximumPixels).Decode(data);
        }
        catch (Exception e)
            when (e is InvalidDataException or EndOfStreamException or ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            throw new FreeMaskException($"{origin} is damaged or truncated; it cannot be read as JPG.", e);
        }
    }

    private RgbImage Decode(ReadOnlySpan<byte> data)
    {
        for (var at = 2; ;)
        {
            while (data[at] == 0xFF && data[at + 1] == 0xFF) at++;
            if (data[at] != 0xFF) throw new InvalidDataException("A marker is missing.");
            var marker = data[at + 1];
            if (marker == 0xD9) break;
            var body = data.Slice(at + 4, BinaryPrimitives.ReadUInt16BigEndian(data[(at + 2)..]) - 2);
            at += 4 + body.Length;
            if (marker == 0xDA) at = Scan(data, at, body);
            else Segment(marker, body);
        }

        return _frame is { } frame ? ToRgb(frame) : throw new InvalidDataException("There is no frame.");
    }

    private void Segment(byte marker, ReadOnlySpan<byte> body)
    {
        switch (marker)
        {
            case 0xC0 or 0xC1 or 0xC2: Frame(body, progressive: marker == 0xC2); break;
            case 0xC4: HuffmanTables(body); break;
            case 0xDB: QuantizationTables(body); break;
            case 0xDD: _restart = BinaryPrimitives.ReadUInt16BigEndian(body); break;
            case 0xEE when body.StartsWith("Adobe"u8): _transform = body[11]; break;
        }
    }

    private void Frame(ReadOnlySpan<byte> body, bool progressive)
    {
        var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(body[1..]), BinaryPrimitives.ReadUInt16BigEndian(body[3..]));
        if (body[0] != 8 || width == 0 || height == 0 || _frame is not null)
            throw new InvalidDataException("The frame is not one of 8 bits.");
        ImageLimits.Require(width, height, _maximumPixels, _origin);
        var components = new JpegComponent[body[5]];
        for (var c = 0; c < components.Length; c++)
        {
            var entry = body.Slice(6 + (3 * c), 3);
            components[c] = new JpegComponent(entry[0], entry[1] >> 4, entry[1] & 15, entry[2]);
            if (components[c].Horizontal is 0 or > 4 || components[c].Vertical is 0 or > 4)
                throw new InvalidDataException("A sampling factor is wrong.");
        }

        _frame = new JpegFrame(width, height, progressive, components);
        foreach (var component in components) component.Allocate(_frame);
    }

    private void HuffmanTables(ReadOnlySpan<byte> body)
    {
        while (body.Length > 0)
        {
            var counts = body.Slice(1, 16);
            var total = 0;
            foreach (var count in counts) total += count;
            (body[0] >> 4 == 0 ? _dc : _ac)[body[0] & 15] = new JpegHuffman(counts, body.Slice(17, total));
            body = body[(17 + total)..];
        }
    }

    private void QuantizationTables(ReadOnlySpan<byte> body)
    {
        while (body.Length > 0)
        {
            var (wide, table) = (body[0] >> 4 != 0, new ushort[64]);
            for (var k = 0; k < 64; k++)
                table[JpegScan.ZigZag[k]] = wide ? BinaryPrimitives.ReadUInt16BigEndian(body[(1 + (2 * k))..]) : body[1 + k];
            _quantization[body[0] & 15] = table;
            body = body[(wide ? 129 : 65)..];
        }
    }

    private int Scan(ReadOnlySpan<byte> data, int at, ReadOnlySpan<byte> body)
    {
        var frame = _frame ?? throw new InvalidDataException("A scan comes before its frame.");
        var components = new JpegComponent[body[0]];
        for (var c = 0; c < components.Length; c++)
        {
            var (id, tables) = (body[1 + (2 * c)], body[2 + (2 * c)]);
            components[c] =
                frame.Components.FirstOrDefault(component => component.Id == id)
                ?? throw new InvalidDataException("A scan names an unknown component.");
            (components[c].Dc, components[c].Ac) = (_dc[tables >> 4], _ac[tables & 15]);
        }

        var range = body[(1 + (2 * components.Length))..];
        var scan = frame.Progressive
            ? new JpegScan(frame, components, range[0], Math.Min((int)range[1], 63), range[2] >> 4, range[2] & 15)
            : new JpegScan(frame, components, 0, 63, 0, 0);
        return scan.Decode(data, at, _restart);
    }

    private RgbImage ToRgb(JpegFrame frame)
    {
        var planes = frame
            .Components.Select(component =>
                JpegTransform.Samples(
                    component,
                    _quantization[component.Quantization] ?? throw new InvalidDataException("A quantization table is missing."),
                    frame
                )
            )
            .ToArray();
        var result = new RgbImage(frame.Width, frame.Height);
        Span<float> inks = stackalloc float[4];
        for (var y = 0; y < frame.Height; y++)
            for (var x = 0; x < frame.Width; x++)
            {
                for (var c = 0; c < 4; c++) inks[c] = planes[c][x, y];
                if (_transform == 2) FromYcc(inks);
                var pixel = result[x, y];
                // Stored inverted: what is left of the light is the sample itself.
                for (var c = 0; c < 3; c++) pixel[c] = (byte)((inks[c] * inks[3] / 255) + 0.5f);
            }

        return result;
    }

    // YCC of inverted inks: the transform gives R, G, B; the inks are 255 minus these.
    private static void FromYcc(Span<float> inks)
    {
        var (y, cb, cr) = (inks[0], inks[1] - 128, inks[2] - 128);
        inks[0] = Math.Clamp(255 - (y + (1.402f * cr)), 0, 255);
        inks[1] = Math.Clamp(255 - (y - (0.344136f * cb) - (0.714136f * cr)), 0, 255);
        inks[2] = Math.Clamp(255 - (y + (1.772f * cb)), 0, 255);
    }
}
