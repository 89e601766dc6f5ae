using System.Buffers.Binary;

namespace FreeMask.Imaging;

/// <summary>
/// Finds the EXIF orientation in the bytes of an image file: JPEG's APP1, PNG's eXIf (PNG specification, third edition, 11.3.4.5), WebP's
/// EXIF chunk. One reader for all formats, so that they cannot differ.
/// </summary>
internal static class ExifOrientation
{
    private const int Upright = 1;

    /// <summary>1 to 8; 1 where the file has none, or none that can be read.</summary>
    internal static int Of(ReadOnlySpan<byte> data) => ImageCodec.KindOf(data) switch
    {
        "jpg" => OfTiff(InJpeg(data)),
        "png" => OfTiff(InPng(data)),
        "webp" => OfTiff(InWebP(data)),
        _ => Upright,
    };

    private static ReadOnlySpan<byte> InJpeg(ReadOnlySpan<byte> data)
    {
        foreach (var segment in JpegSegments.Of(data))
            if (segment.Marker == 0xE1 && data[segment.Body].StartsWith("Exif\0\0"u8)) return data[segment.Body][6..];
        return [];
    }

    private static ReadOnlySpan<byte> InPng(ReadOnlySpan<byte> data)
    {
        for (var at = 8; at + 12 <= data.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(data[at..]);
            if (length > data.Length - at - 12) break;
            if (data.Slice(at + 4, 4).SequenceEqual("eXIf"u8)) return data.Slice(at + 8, (int)length);
            at += 12 + (int)length;
        }

        return [];
    }

    private static ReadOnlySpan<byte> InWebP(ReadOnlySpan<byte> data)
    {
        for (var at = 12; at + 8 <= data.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(data[(at + 4)..]);
            if (length > data.Length - at - 8) break;
            if (data.Slice(at, 4).SequenceEqual("EXIF"u8))
            {
                // Some writers put JPEG's prefix before it.
                var body = data.Slice(at + 8, (int)length);
                return body.StartsWith("Exif\0\0"u8) ? body[6..] : body;
            }

            // Chunks begin at even places.
            at += 8 + (int)length + ((int)length & 1);
        }

        return [];
    }

    // Tag 0x0112 of the first directory of a TIFF header.
    private static int OfTiff(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 10) return Upright;
        var little = tiff[0] == 'I';
        ushort Short(ReadOnlySpan<byte> at) =>
            little ? BinaryPrimitives.ReadUInt16LittleEndian(at) : BinaryPrimitives.ReadUInt16BigEndian(at);
        var offset = little ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (offset > tiff.Length - 2) return Upright;
        var entries = tiff[(int)offset..];
        for (var (n, at) = (Short(entries), 2); n > 0 && at + 12 <= entries.Length; n--, at += 12)
            if (Short(entries[at..]) == 0x0112) return Short(entries[(at + 8)..]) is var value and >= 1 and <= 8 ? value : Upright;
        return Upright;
    }
}
