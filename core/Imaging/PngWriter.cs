using System.Buffers.Binary;
using System.IO.Compression;

namespace FreeMask.Imaging;

/// <summary>Writes exact, non-interlaced PNGs: 8-bit RGB and RGBA, 8 and 16-bit grey, 8-bit indices with a palette.</summary>
internal static class PngWriter
{
    internal static byte[] Rgb(RgbImage image, CompressionLevel level) =>
        Write(image.Width, image.Height, 8, PngColorType.Rgb, [], FilterRows(image.Pixels, 3 * image.Width, 3), level);

    internal static byte[] Rgba(int width, int height, ReadOnlySpan<byte> pixels, CompressionLevel level) =>
        Write(width, height, 8, PngColorType.Rgba, [], FilterRows(pixels, 4 * width, 4), level);

    internal static byte[] Grey8(int width, int height, ReadOnlySpan<byte> samples, CompressionLevel level) =>
        Write(width, height, 8, PngColorType.Grey, [], PlainRows(samples, width), level);

    internal static byte[] Grey16(int width, int height, ReadOnlySpan<ushort> samples, CompressionLevel level)
    {
        var bytes = new byte[2 * samples.Length];
        for (var i = 0; i < samples.Length; i++) BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2 * i), samples[i]);
        return Write(width, height, 16, PngColorType.Grey, [], PlainRows(bytes, 2 * width), level);
    }

    internal static byte[] Indexed(int width, int height, ReadOnlySpan<byte> indices, ReadOnlySpan<byte> palette, CompressionLevel level) =>
        Write(width, height, 8, PngColorType.Indexed, palette, PlainRows(indices, width), level);

    private static byte[] Write(
        int width,
        int height,
        int bitDepth,
        PngColorType type,
        ReadOnlySpan<byte> palette,
        byte[] rows,
        CompressionLevel level
    )
    {
        using var output = new MemoryStream((rows.Length / 2) + 1024);
        output.Write([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        (header[8], header[9], header[10], header[11], header[12]) = ((byte)bitDepth, (byte)type, 0, 0, 0);
        WriteChunk(output, "IHDR"u8, header);
        if (!palette.IsEmpty) WriteChunk(output, "PLTE"u8, palette);
        using var body = new MemoryStream((rows.Length / 2) + 1024);
        using (var deflater = new ZLibStream(body, level, leaveOpen: true)) deflater.Write(rows);
        WriteChunk(output, "IDAT"u8, body.GetBuffer().AsSpan(0, (int)body.Length));
        WriteChunk(output, "IEND"u8, []);
        return output.ToArray();
    }

    private static void WriteChunk(MemoryStream output, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
        output.Write(number);
        var start = (int)output.Position;
        output.Write(type);
        output.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Compute(output.GetBuffer().AsSpan(start, body.Length + 4)));
        output.Write(number);
    }

    // Labels compress best unfiltered (PNG specification, 12.7: filter 0 for indexed and low-depth images).
    private static byte[] PlainRows(ReadOnlySpan<byte> samples, int rowLength)
    {
        var height = samples.Length / rowLength;
        var rows = new byte[height * (rowLength + 1)];
        for (var y = 0; y < height; y++) samples.Slice(y * rowLength, rowLength).CopyTo(rows.AsSpan((y * (rowLength + 1)) + 1));
        return rows;
    }

    private static byte[] FilterRows(ReadOnlySpan<byte> samples, int rowLength, int step)
    {
        var height = samples.Length / rowLength;
        var rows = new byte[height * (rowLength + 1)];
        var (row, above) = (new byte[step + rowLength], new byte[step + rowLength]);
        byte[][] candidates = [new byte[rowLength], new byte[rowLength], new byte[rowLength]];
        for (var y = 0; y < height; y++)
        {
            samples.Slice(y * rowLength, rowLength).CopyTo(row.AsSpan(step));
            PngFilters.Apply(row, above, step, candidates, rows.AsSpan(y * (rowLength + 1), rowLength + 1));
            (row, above) = (above, row);
        }

        return rows;
    }
}
