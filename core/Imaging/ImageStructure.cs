using System.Buffers.Binary;

namespace FreeMask.Imaging;

/// <summary>
/// Checks WebP, BMP and GIF files by their structure before a library reads them: sizes that headers state are held against the file's
/// length, so that a truncated file is refused and a false size takes no memory.
/// </summary>
internal static class ImageStructure
{
    /// <summary>The image's size; null where the structure is damaged or the file is truncated.</summary>
    /// <param name="data">The file.</param>
    /// <param name="kind">webp, bmp or gif.</param>
    internal static (int Width, int Height)? SizeOf(ReadOnlySpan<byte> data, string kind)
    {
        try
        {
            var size = kind switch
            {
                "webp" => WebP(data),
                "bmp" => Bmp(data),
                "gif" => Gif(data),
                _ => throw new ArgumentException($"The structure of {kind} files is not checked.", nameof(kind)),
            };
            return size is { Width: > 0, Height: > 0 } ? size : null;
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException)
        {
            // A header or block reaches beyond the end of the file.
            return null;
        }
    }

    // https://developers.google.com/speed/webp/docs/riff_container
    private static (int Width, int Height)? WebP(ReadOnlySpan<byte> data)
    {
        var end = 8 + (long)BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
        if (end > data.Length) return null;
        (int Width, int Height)? canvas = null, image = null;
        for (var at = 12L; at + 8 <= end;)
        {
            var header = data.Slice((int)at, 8);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            if (at + 8 + length > end) return null;
            var body = data.Slice((int)at + 8, (int)length);
            if (header.StartsWith("VP8X"u8)) canvas = (1 + UInt24(body[4..]), 1 + UInt24(body[7..]));
            else if (header.StartsWith("VP8 "u8)) image ??= Lossy(body);
            else if (header.StartsWith("VP8L"u8)) image ??= Lossless(body);
            else if (header.StartsWith("ANMF"u8)) image ??= canvas;
            at += 8 + length + (length % 2);
        }

        return image is null ? null : canvas ?? image;
    }

    // RFC 6386, 9.1: a key frame with its start code, its first partition within the chunk.
    private static (int Width, int Height)? Lossy(ReadOnlySpan<byte> body)
    {
        var tag = UInt24(body);
        if ((tag & 1) != 0 || 10 + (tag >> 5) > body.Length || !body.Slice(3, 3).SequenceEqual((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A]))
            return null;
        return (
            BinaryPrimitives.ReadUInt16LittleEndian(body[6..]) & 0x3FFF,
            BinaryPrimitives.ReadUInt16LittleEndian(body[8..]) & 0x3FFF
        );
    }

    // RFC 9649, 3.4.
    private static (int Width, int Height)? Lossless(ReadOnlySpan<byte> body)
    {
        if (body[0] != 0x2F) return null;
        var bits = BinaryPrimitives.ReadUInt32LittleEndian(body[1..]);
        return (1 + (int)(bits & 0x3FFF), 1 + (int)((bits >> 14) & 0x3FFF));
    }

    private static (int Width, int Height)? Bmp(ReadOnlySpan<byte> data)
    {
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(data[10..]);
        var header = BinaryPrimitives.ReadUInt32LittleEndian(data[14..]);
        if (offset > data.Length || offset < 14 + header || header < 12) return null;
        if (header == 12)
            return Pixels(
                BinaryPrimitives.ReadUInt16LittleEndian(data[18..]),
                BinaryPrimitives.ReadUInt16LittleEndian(data[20..]),
                BinaryPrimitives.ReadUInt16LittleEndian(data[24..]),
                data.Length - offset
            );
        var (width, height) = (BinaryPrimitives.ReadInt32LittleEndian(data[18..]), BinaryPrimitives.ReadInt32LittleEndian(data[22..]));
        var (bits, compression) = (
            BinaryPrimitives.ReadUInt16LittleEndian(data[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(data[30..])
        );
        if (height == int.MinValue) return null;
        const uint Rle8 = 1, Rle4 = 2;
        if (compression is not (Rle8 or Rle4)) return Pixels(width, Math.Abs(height), bits, data.Length - offset);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(data[34..]);
        // A run of two bytes gives at most 255 pixels.
        return length > 0 && offset + length <= data.Length && (long)width * Math.Abs(height) <= 128L * length
            ? (width, Math.Abs(height))
            : null;
    }

    /// <summary>The size of an uncompressed bitmap if all its rows, of whole 32-bit words, are there.</summary>
    private static (int Width, int Height)? Pixels(int width, int height, int bits, long bytes) =>
        width > 0 && height > 0 && bits is 1 or 4 or 8 or 16 or 24 or 32 && ((long)width * bits + 31) / 32 * 4 * height <= bytes
            ? (width, height)
            : null;

    // GIF89a, up to the trailer.
    private static (int Width, int Height)? Gif(ReadOnlySpan<byte> data)
    {
        var size = (BinaryPrimitives.ReadUInt16LittleEndian(data[6..]), BinaryPrimitives.ReadUInt16LittleEndian(data[8..]));
        var isFrame = false;
        for (var at = 13 + Colors(data[10]); ;)
        {
            switch (data[at])
            {
                case 0x3B:
                    return isFrame ? size : null;
                case 0x21:
                    at = AfterBlocks(data, at + 2);
                    break;
                case 0x2C:
                    at = AfterBlocks(data, at + 11 + Colors(data[at + 9]));
                    isFrame = true;
                    break;
                default:
                    return null;
            }
        }
    }

    private static int Colors(byte flags) => (flags & 0x80) != 0 ? 3 << ((flags & 7) + 1) : 0;

    private static int AfterBlocks(ReadOnlySpan<byte> data, int at)
    {
        while (data[at] != 0) at += 1 + data[at];
        return at + 1;
    }

    private static int UInt24(ReadOnlySpan<byte> data) => data[0] | (data[1] << 8) | (data[2] << 16);
}
