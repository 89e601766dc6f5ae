using System.Buffers.Binary;

namespace FreeMask.Imaging;

/// <summary>
/// Decodes JPEG files: sequential and progressive, Huffman-coded, 8 bits, of one (grey), three or four components (ITU-T T.81). Samples are
/// those of libjpeg with its default settings, to the last bit, and so those of Pillow and OpenCV. Four components, CMYK and Adobe's YCCK,
/// become R = (255 - C) (255 - K) / 255, rounded, as Pillow's <c>convert("RGB")</c> does, which data sets are made with; no color profile
/// is applied. They are stored inverted, as Adobe does, whether its marker is there or not: so read them Pillow and ImageMagick, and files
/// that are not inverted are hardly made.
/// </summary>
internal sealed class JpegDecoder
{
    private readonly string _origin;
    private readonly long _maximumPixels;
    private readonly ushort[]?[] _quantization = new ushort[4][];
    private readonly JpegHuffman?[] _dc = new JpegHuffman?[4], _ac = new JpegHuffman?[4];
    private JpegFrame? _frame;
    private int _restart;

    // Adobe's transform: 0 RGB or CMYK, 1 YCbCr, 2 YCCK; null without its marker.
    private int? _transform;
    private bool _isJfif;

    private JpegDecoder(string origin, long maximumPixels) => (_origin, _maximumPixels) = (origin, maximumPixels);

    /// <summary>Decodes a file, without turning it.</summary>
    /// <exception cref="FreeMaskException">The file is damaged, truncated, too large, or a JPEG of another kind.</exception>
    internal static RgbImage Read(ReadOnlySpan<byte> data, string origin, long maximumPixels)
    {
        try
        {
            return new JpegDecoder(origin, maximumPixels).Decode(data);
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
            // Bytes between segments are passed over, as libjpeg does.
            while (data[at] != 0xFF || data[at + 1] is 0 or 0xFF) at++;
            var marker = data[at + 1];
            if (marker == JpegSegments.EndOfImage) break;
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                at += 2;
                continue;
            }

            var body = data.Slice(at + 4, BinaryPrimitives.ReadUInt16BigEndian(data[(at + 2)..]) - 2);
            at += 4 + body.Length;
            if (marker == JpegSegments.StartOfScan) at = Scan(data, at, body);
            else Segment(marker, body, data.Length);
        }

        if (_frame is not { } frame || frame.Components.Any(c => !c.IsScanned)) throw new InvalidDataException("A scan is missing.");
        return ToRgb(frame);
    }

    private void Segment(byte marker, ReadOnlySpan<byte> body, int length)
    {
        switch (marker)
        {
            case 0xC0 or 0xC1 or JpegSegments.ProgressiveFrame: Frame(body, marker == JpegSegments.ProgressiveFrame, length); break;
            case 0xC4: HuffmanTables(body); break;
            case >= 0xC3 and <= 0xCF and not 0xC8 and not 0xCC:
                throw new FreeMaskException($"{_origin} is a lossless or arithmetic-coded JPEG; save it as baseline JPEG or PNG.");
            case 0xDB: QuantizationTables(body); break;
            case 0xDD: _restart = BinaryPrimitives.ReadUInt16BigEndian(body); break;
            case 0xE0 when body.StartsWith("JFIF"u8): _isJfif = true; break;
            case 0xEE when body.StartsWith("Adobe"u8): _transform = body[11]; break;
        }
    }

    private void Frame(ReadOnlySpan<byte> body, bool progressive, int length)
    {
        var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(body[1..]), BinaryPrimitives.ReadUInt16BigEndian(body[3..]));
        if (body[0] == 12) throw new FreeMaskException($"{_origin} is a JPEG of 12 bits; save it with 8 bits, or as PNG.");
        if (body[0] != 8 || width == 0 || height == 0 || _frame is not null || body[5] is not (1 or 3 or 4))
            throw new InvalidDataException("The frame is not one of 8 bits.");
        ImageLimits.Require(width, height, _maximumPixels, _origin);
        var components = new JpegComponent[body[5]];
        for (var c = 0; c < components.Length; c++)
        {
            var entry = body.Slice(6 + (3 * c), 3);
            components[c] = new JpegComponent(entry[0], entry[1] >> 4, entry[1] & 15, entry[2] & 3);
            if (components[c].Horizontal is 0 or > 4 || components[c].Vertical is 0 or > 4)
                throw new InvalidDataException("A sampling factor is wrong.");
        }

        _frame = new JpegFrame(width, height, progressive, components);
        // A block takes a bit at least: a small file of a huge image is damaged, and must not take memory for it.
        if (components.Sum(c => (long)c.Stride * c.Lines) > 8L * length) throw new InvalidDataException("The file is too short.");
        foreach (var component in components) component.Allocate();
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
            .Components.Select(component => new JpegPlane(
                frame,
                component,
                _quantization[component.Quantization] ?? throw new InvalidDataException("A quantization table is missing.")
            ))
            .ToArray();
        var result = new RgbImage(frame.Width, frame.Height);
        // The last sample of a component may reach beyond the image's edge.
        var stride = frame.Width + frame.MaximumHorizontal;
        var rows = new byte[planes.Length][];
        for (var c = 0; c < rows.Length; c++) rows[c] = new byte[stride];
        var convert = Conversion(frame.Components);
        for (var y = 0; y < frame.Height; y++)
        {
            for (var c = 0; c < planes.Length; c++) planes[c].Row(y, rows[c]);
            convert(rows, result.Pixels.AsSpan(3 * y * frame.Width, 3 * frame.Width));
        }

        return result;
    }

    private JpegColorConversion Conversion(IReadOnlyList<JpegComponent> components) => components.Count switch
    {
        1 => JpegColors.Grey,
        4 => _transform == 2 ? JpegColors.Ycck : JpegColors.Cmyk,
        // As libjpeg decides: JFIF is YCbCr, Adobe's marker says what it is, and else the ids tell.
        _ when !_isJfif && (_transform == 0 || (_transform is null && components[0].Id == 'R' && components[1].Id == 'G')) =>
            JpegColors.Rgb,
        _ => JpegColors.Ycc,
    };
}
