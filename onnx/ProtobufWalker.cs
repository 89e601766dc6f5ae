using System.Text;

namespace FreeMask.Onnx;

/// <summary>
/// Steps through the fields of one protobuf message in a seekable stream. A field that nobody asks for is skipped by seeking, whatever
/// its size (Google.Protobuf's own reader would copy it).
/// </summary>
internal sealed class ProtobufWalker(Stream stream, long end)
{
    private const int WireVarint = 0, WireFixed64 = 1, WireBytes = 2, WireFixed32 = 5;

    private long _next = stream.Position;

    /// <summary>The current field's number.</summary>
    internal int Field { get; private set; }

    /// <summary>Whether the current field is a varint; its value is in <see cref="Varint"/>.</summary>
    internal bool IsVarint { get; private set; }

    /// <summary>The current field's value where it is a varint.</summary>
    internal ulong Varint { get; private set; }

    /// <summary>The current field's length in bytes where it is a message, a string or bytes.</summary>
    internal long Length { get; private set; }

    /// <summary>Moves to the next field; false at the end of the message.</summary>
    internal bool Next()
    {
        if (stream.Position != _next) stream.Seek(_next, SeekOrigin.Begin);
        if (_next >= end) return false;
        var tag = ReadVarint();
        Field = (int)(tag >> 3);
        (IsVarint, Length) = (false, 0);
        switch ((int)(tag & 7))
        {
            case WireVarint: (IsVarint, Varint) = (true, ReadVarint()); break;
            case WireFixed64: Length = 8; break;
            case WireFixed32: Length = 4; break;
            case WireBytes: Length = (long)ReadVarint(); break;
            default: throw new InvalidDataException($"unknown wire type {tag & 7}");
        }

        _next = stream.Position + Length;
        if (Length < 0 || _next > end || Field == 0) throw new InvalidDataException("a field reaches beyond the end");
        return true;
    }

    /// <summary>The bytes of the current field.</summary>
    internal byte[] ReadBytes()
    {
        var bytes = new byte[Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>The current field as UTF-8 text.</summary>
    internal string ReadString() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>A walker over the current field, which is a message.</summary>
    internal ProtobufWalker Enter() => new(stream, _next);

    private ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = stream.ReadByte();
            if (next < 0) throw new EndOfStreamException("the file ends within a number");
            value |= (ulong)(next & 0x7F) << shift;
            if ((next & 0x80) == 0) return value;
        }

        throw new InvalidDataException("a number is longer than 64 bits");
    }
}
