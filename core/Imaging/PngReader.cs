using System.Buffers.Binary;
using System.IO.Compression;

namespace FreeMask.Imaging;

/// <summary>
/// A strict PNG decoder (W3C PNG specification, third edition): all color types and bit depths, Adam7, checksums verified.
/// Image libraries hand out colors, never palette indices or 16-bit ids, so label files need one of their own.
/// </summary>
internal sealed class PngReader
{
    private static readonly byte[] SignatureBytes = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    // Deflate cannot shrink by more than this factor: a header that claims more is a truncated file or a bomb.
    private const long MaximumDeflateRatio = 1032;

    // Start and step of the seven Adam7 passes: x0, y0, dx, dy.
    private static readonly int[][] AdamPasses =
        [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

    private readonly string _origin;
    private int _width, _height, _bitDepth;
    private PngColorType _colorType;
    private bool _interlaced;
    private byte[]? _palette;

    private PngReader(string origin) => _origin = origin;

    internal static bool HasSignature(ReadOnlySpan<byte> data) => data.StartsWith(SignatureBytes);

    /// <summary>Decodes a file that starts with the PNG signature.</summary>
    /// <exception cref="FreeMaskException">The file is damaged, truncated, not valid PNG or larger than
    /// <paramref name="maximumPixels"/>.</exception>
    internal static PngImage Read(ReadOnlySpan<byte> data, string origin, long maximumPixels) =>
        new PngReader(origin).Decode(data, maximumPixels);

    private PngImage Decode(ReadOnlySpan<byte> data, long maximumPixels)
    {
        if (!HasSignature(data)) throw Bad("it does not start with the PNG signature");
        using var compressed = new MemoryStream();
        var position = SignatureBytes.Length;
        while (position < data.Length)
        {
            if (data.Length - position < 12) throw Bad("it ends inside a chunk; it is truncated");
            var length = BinaryPrimitives.ReadUInt32BigEndian(data[position..]);
            if (length > data.Length - position - 12) throw Bad("it ends inside a chunk; it is truncated");
            var typed = data.Slice(position + 4, (int)length + 4);
            var crc = BinaryPrimitives.ReadUInt32BigEndian(data[(position + 8 + (int)length)..]);
            if (Crc32.Compute(typed) != crc) throw Bad("the checksum of a chunk is wrong");
            position += 12 + (int)length;
            if (typed[..4].SequenceEqual("IEND"u8)) break;
            ReadChunk(typed[..4], typed[4..], compressed, maximumPixels);
        }

        if (_width == 0) throw Bad("it has no header");
        if (_colorType == PngColorType.Indexed && _palette is null) throw Bad("it has palette indices but no palette");
        if (compressed.Length == 0) throw Bad("it has no pixel data");
        return new PngImage(_width, _height, _colorType, _bitDepth, Inflate(compressed), _palette);
    }

    private void ReadChunk(ReadOnlySpan<byte> type, ReadOnlySpan<byte> body, MemoryStream compressed, long maximumPixels)
    {
        if (type.SequenceEqual("IHDR"u8)) ReadHeader(body, maximumPixels);
        else if (_width == 0) throw Bad("its first chunk is not a header");
        else if (type.SequenceEqual("IDAT"u8))
            compressed.Write(body);
        else if (type.SequenceEqual("PLTE"u8))
            _palette = body.Length % 3 == 0 && body.Length <= 768 ? body.ToArray() : throw Bad("its palette has a wrong length");
        else if ((type[0] & 0x20) == 0)
            throw Bad("it has an unknown critical chunk");
    }

    private void ReadHeader(ReadOnlySpan<byte> body, long maximumPixels)
    {
        if (body.Length != 13) throw Bad("its header has a wrong length");
        var width = BinaryPrimitives.ReadUInt32BigEndian(body);
        var height = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
        if (width == 0 || height == 0) throw Bad($"its header claims {width} x {height} pixels");
        ImageLimits.Require(width, height, maximumPixels, _origin);
        (_width, _height, _bitDepth, _colorType, _interlaced) = ((int)width, (int)height, body[8], (PngColorType)body[9], body[12] == 1);
        var allowed = _colorType switch
        {
            PngColorType.Grey => _bitDepth is 1 or 2 or 4 or 8 or 16,
            PngColorType.Indexed => _bitDepth is 1 or 2 or 4 or 8,
            PngColorType.Rgb or PngColorType.GreyAlpha or PngColorType.Rgba => _bitDepth is 8 or 16,
            _ => false,
        };
        if (!allowed) throw Bad($"its header pairs color type {body[9]} with {_bitDepth} bits, which PNG does not know");
        if (body[10] != 0 || body[11] != 0 || body[12] > 1)
            throw Bad("its header names an unknown compression, filter or interlace method");
    }

    private ushort[] Inflate(MemoryStream compressed)
    {
        var bitsPerPixel = PngImage.ChannelsOf(_colorType) * _bitDepth;
        var rawLength = (long)_height * ((((long)_width * bitsPerPixel) + 7) / 8);
        if (compressed.Length * MaximumDeflateRatio < rawLength)
            throw Bad("it has far too little pixel data for its size; it is truncated");
        compressed.Position = 0;
        var samples = new ushort[_width * _height * PngImage.ChannelsOf(_colorType)];
        try
        {
            using var inflater = new ZLibStream(compressed, CompressionMode.Decompress);
            if (_interlaced)
            {
                foreach (var pass in AdamPasses) ReadPass(inflater, samples, pass[0], pass[1], pass[2], pass[3]);
            }
            else
            {
                ReadPass(inflater, samples, 0, 0, 1, 1);
            }

            inflater.ReadByte(); // reaches the end of the stream, where zlib verifies its own checksum
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw Bad("its pixel data are damaged or truncated", e);
        }

        return samples;
    }

    private void ReadPass(Stream inflater, ushort[] samples, int x0, int y0, int dx, int dy)
    {
        var columns = (_width - x0 + dx - 1) / dx;
        var rows = (_height - y0 + dy - 1) / dy;
        if (columns <= 0 || rows <= 0) return;
        var channels = PngImage.ChannelsOf(_colorType);
        var bitsPerPixel = channels * _bitDepth;
        var rowLength = ((columns * bitsPerPixel) + 7) / 8;
        var step = Math.Max(1, bitsPerPixel / 8);
        var row = new byte[rowLength + 1];
        var above = new byte[rowLength + 1];
        for (var j = 0; j < rows; j++)
        {
            inflater.ReadExactly(row);
            if (!PngFilters.Undo(row[0], row.AsSpan(1), above.AsSpan(1), step)) throw Bad($"a row uses the unknown filter {row[0]}");
            var target = (((y0 + (j * dy)) * _width) + x0) * channels;
            Unpack(row.AsSpan(1), columns, channels, samples, target, dx * channels);
            (row, above) = (above, row);
        }
    }

    private void Unpack(ReadOnlySpan<byte> row, int columns, int channels, ushort[] samples, int target, int stride)
    {
        if (_bitDepth < 8)
        {
            var mask = (1 << _bitDepth) - 1;
            var scale = _colorType == PngColorType.Grey ? 255 / mask : 1;
            for (var i = 0; i < columns; i++)
            {
                var bit = i * _bitDepth;
                samples[target + (i * stride)] = (ushort)(((row[bit >> 3] >> (8 - _bitDepth - (bit & 7))) & mask) * scale);
            }

            return;
        }

        if (_bitDepth == 8 && stride == channels)
        {
            // Neither interlaced nor packed: bytes become samples as they are.
            var run = samples.AsSpan(target, columns * channels);
            for (var i = 0; i < run.Length; i++) run[i] = row[i];
            return;
        }

        for (var i = 0; i < columns; i++)
            for (var c = 0; c < channels; c++)
            {
                var at = (i * channels) + c;
                samples[target + (i * stride) + c] = _bitDepth == 8 ? row[at] : BinaryPrimitives.ReadUInt16BigEndian(row[(2 * at)..]);
            }
    }

    private FreeMaskException Bad(string why, Exception? inner = null) => new($"{_origin} is not a readable PNG: {why}.", inner!);
}
