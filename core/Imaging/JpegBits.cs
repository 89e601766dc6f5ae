namespace FreeMask.Imaging;

/// <summary>The bits of entropy-coded data of a JPEG, up to the next marker; stuffed zeros are taken out.</summary>
internal ref struct JpegBits(ReadOnlySpan<byte> data, int position)
{
    private readonly ReadOnlySpan<byte> _data = data;
    private ulong _buffer;
    private int _count;

    /// <summary>The first byte that is not in the buffer: at most that of the next marker.</summary>
    internal int Position { get; private set; } = position;

    /// <summary>The next bits without taking them; zeros where the data end. At most 16.</summary>
    internal int Peek(int count)
    {
        if (_count < count)
        {
            Fill();
            if (_count < count) return (int)(_buffer << (count - _count)) & ((1 << count) - 1);
        }

        return (int)(_buffer >> (_count - count)) & ((1 << count) - 1);
    }

    /// <summary>Takes bits that were peeked.</summary>
    /// <exception cref="EndOfStreamException">The data end before.</exception>
    internal void Skip(int count)
    {
        if (count > _count) throw new EndOfStreamException();
        _count -= count;
    }

    internal int Bits(int count)
    {
        var value = Peek(count);
        Skip(count);
        return value;
    }

    internal int Bit() => Bits(1);

    /// <summary>A number of a category (T.81, F.2.2.1).</summary>
    internal int Number(int category)
    {
        if (category == 0) return 0;
        var value = Bits(category);
        return value < 1 << (category - 1) ? value - (1 << category) + 1 : value;
    }

    /// <summary>Drops what is left of the byte and passes a restart marker.</summary>
    internal void Restart()
    {
        (_buffer, _count) = (0, 0);
        if (Position + 1 >= _data.Length || _data[Position] != 0xFF || _data[Position + 1] is < 0xD0 or > 0xD7)
            throw new InvalidDataException("A restart marker is missing.");
        Position += 2;
    }

    private void Fill()
    {
        var data = _data;
        var at = Position;
        while (_count <= 48 && (uint)at < (uint)data.Length)
        {
            var value = data[at];
            if (value == 0xFF)
            {
                if (at + 1 >= data.Length || data[at + 1] != 0) break;
                at++;
            }

            at++;
            _buffer = (_buffer << 8) | value;
            _count += 8;
        }

        Position = at;
    }
}

/// <summary>A Huffman table (ITU-T T.81, annex C). Codes of up to nine bits are looked up, longer ones searched by length.</summary>
internal sealed class JpegHuffman
{
    private const int LookupBits = 9;

    // Length in the high byte, value in the low one; 0 where the code is longer.
    private readonly ushort[] _lookup = new ushort[1 << LookupBits];
    private readonly int[] _largest = new int[17], _offset = new int[17];
    private readonly byte[] _values;

    /// <exception cref="InvalidDataException">More codes of a length than there can be.</exception>
    internal JpegHuffman(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> values)
    {
        _values = values.ToArray();
        for (int length = 1, code = 0, first = 0; length <= 16; length++)
        {
            _offset[length] = first - code;
            for (var i = 0; i < counts[length - 1]; i++, code++, first++)
            {
                if (code >= 1 << length) throw new InvalidDataException("A Huffman table has too many codes.");
                if (length > LookupBits) continue;
                var entry = (ushort)((length << 8) | _values[first]);
                _lookup.AsSpan(code << (LookupBits - length), 1 << (LookupBits - length)).Fill(entry);
            }

            _largest[length] = counts[length - 1] > 0 ? code - 1 : -1;
            code <<= 1;
        }
    }

    internal int Decode(ref JpegBits bits)
    {
        var entry = _lookup[bits.Peek(LookupBits)];
        if (entry == 0) return Search(ref bits);
        bits.Skip(entry >> 8);
        return entry & 0xFF;
    }

    private int Search(ref JpegBits bits)
    {
        var next = bits.Peek(16);
        for (var length = LookupBits + 1; length <= 16; length++)
        {
            var code = next >> (16 - length);
            if (code > _largest[length]) continue;
            bits.Skip(length);
            return _values[code + _offset[length]];
        }

        throw new InvalidDataException("A code is not in its table.");
    }
}
