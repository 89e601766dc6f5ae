namespace FreeMask.Grains.Artifacts;

/// <summary>Reads content that is stored in pieces. It holds the pieces that were read last.</summary>
internal sealed class PieceReader
{
    // Weights and both moments of an optimizer are read side by side; each may lie across a border.
    private const int Held = 4;

    private readonly IArtifactStore _store;
    private readonly PieceList _list;
    private readonly LinkedList<(int Index, ReadOnlyMemory<byte> Bytes)> _held = new();

    internal PieceReader(IArtifactStore store, PieceList list, ReadOnlyMemory<byte>? only)
    {
        (_store, _list) = (store, list);
        if (only is { } bytes) _held.AddFirst((0, bytes));
    }

    /// <summary>Bytes of the content.</summary>
    public long Length => _list.Length;

    /// <summary>Reads bytes; without a copy where they lie in one piece.</summary>
    /// <param name="position">The first byte.</param>
    /// <param name="count">How many, all within the content.</param>
    /// <param name="stop">Cancels between pieces.</param>
    /// <exception cref="ArtifactLostException">A piece is lost.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(long position, int count, CancellationToken stop)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position + count, Length);
        if (count == 0) return ReadOnlyMemory<byte>.Empty;
        var (index, start) = ((int)(position / _list.PieceSize), (int)(position % _list.PieceSize));
        var piece = await PieceAsync(index, stop);
        if (start + count <= piece.Length) return piece.Slice(start, count);
        var bytes = new byte[count];
        for (var done = 0; done < count; index++, start = 0)
        {
            piece = await PieceAsync(index, stop);
            var part = Math.Min(count - done, piece.Length - start);
            piece.Slice(start, part).CopyTo(bytes.AsMemory(done));
            done += part;
        }

        return bytes;
    }

    /// <summary>The content as a stream, from its beginning.</summary>
    public Stream AsStream() => new PieceReadStream(this);

    private async Task<ReadOnlyMemory<byte>> PieceAsync(int index, CancellationToken stop)
    {
        for (var node = _held.First; node is not null; node = node.Next)
        {
            if (node.Value.Index != index) continue;
            _held.Remove(node);
            _held.AddFirst(node);
            return node.Value.Bytes;
        }

        if (_held.Count == Held) _held.RemoveLast();
        var bytes = await _store.GetAsync(_list.Pieces[index], stop);
        _held.AddFirst((index, bytes));
        return bytes;
    }

    private sealed class PieceReadStream(PieceReader reader) : Stream
    {
        private const int AtOnce = 1 << 20;

        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => reader.Length;

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) =>
            ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(Math.Min(buffer.Length, AtOnce), reader.Length - _position);
            if (count <= 0) return 0;
            (await reader.ReadAsync(_position, count, cancellationToken)).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
