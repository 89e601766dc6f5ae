using System.Buffers.Binary;
using System.IO.Compression;
using FreeMask.Imaging;

namespace FreeMask.Vision.Tests.Imaging;

/// <summary>PNG files that the program never writes: few bits, other palettes, EXIF.</summary>
internal static class TestPng
{
    /// <summary>A PNG of one sample a pixel with fewer than 8 bits, or 8.</summary>
    internal static byte[] Make(int width, int height, int bits, PngColorType type, byte[] samples, byte[]? palette = null)
    {
        var rowLength = ((width * bits) + 7) / 8;
        var rows = new byte[height * (rowLength + 1)];
        for (var i = 0; i < samples.Length; i++)
        {
            var (x, y) = (i % width, i / width);
            rows[(y * (rowLength + 1)) + 1 + (x * bits / 8)] |= (byte)(samples[i] << (8 - bits - (x * bits % 8)));
        }

        using var output = new MemoryStream();
        output.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)bits, (byte)type);
        output.Write(Chunk("IHDR"u8, header));
        if (palette is not null) output.Write(Chunk("PLTE"u8, palette));
        using var body = new MemoryStream();
        using (var deflater = new ZLibStream(body, CompressionLevel.Fastest, leaveOpen: true)) deflater.Write(rows);
        output.Write(Chunk("IDAT"u8, body.ToArray()));
        output.Write(Chunk("IEND"u8, []));
        return output.ToArray();
    }

    /// <summary>The same file with an EXIF orientation before its pixels.</summary>
    internal static byte[] WithOrientation(byte[] png, int orientation)
    {
        // Behind signature and header.
        const int Place = 8 + 12 + 13;
        return [.. png[..Place], .. Chunk("eXIf"u8, Exif(orientation)), .. png[Place..]];
    }

    /// <summary>A TIFF header whose only entry is the orientation.</summary>
    internal static byte[] Exif(int orientation) =>
        [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (byte)orientation, 0, 0, 0, 0, 0, 0];

    private static byte[] Chunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        var chunk = new byte[12 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        type.CopyTo(chunk.AsSpan(4));
        body.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), Crc32.Compute(chunk.AsSpan(4, 4 + body.Length)));
        return chunk;
    }
}
