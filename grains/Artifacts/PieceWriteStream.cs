using System.Collections.Immutable;

namespace FreeMask.Grains.Artifacts;

/// <summary>Stores what is written as pieces of one size. It holds one piece.</summary>
internal sealed class PieceWriteStream(IArtifactStore store, int pieceSize, CancellationToken stop) : Stream
{
    private readonly ImmutableArray<string>.Builder _pieces = ImmutableArray.CreateBuilder<string>();
    private byte[] _piece = [];
    private int _filled;
    private long _length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position
    {
        get => _length;
        set => throw new NotSupportedException();
    }

    /// <summary>Stores the rest; nothing may be written after it.</summary>
    /// <returns>The hashes of the pieces in order, at least one.</returns>
    internal async Task<ImmutableArray<string>> CompleteAsync()
    {
        if (_filled > 0 || _pieces.Count == 0) await StoreAsync();
        return _pieces.ToImmutable();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    // Tensors are written by a thread of the training's own.
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            buffer = buffer[Fill(buffer)..];
            if (_filled == pieceSize) StoreAsync().GetAwaiter().GetResult();
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            buffer = buffer[Fill(buffer.Span)..];
            if (_filled == pieceSize) await StoreAsync();
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Takes as much as the piece has room for.</summary>
    private int Fill(ReadOnlySpan<byte> bytes)
    {
        var count = Math.Min(bytes.Length, pieceSize - _filled);
        // Small contents need no whole piece.
        if (_filled + count > _piece.Length)
            Array.Resize(ref _piece, (int)Math.Min(pieceSize, Math.Max(_filled + (long)count, 2L * _piece.Length)));
        bytes[..count].CopyTo(_piece.AsSpan(_filled));
        _filled += count;
        _length += count;
        return count;
    }

    private async Task StoreAsync()
    {
        _pieces.Add(await store.PutAsync(_piece.AsMemory(0, _filled), stop));
        _filled = 0;
    }
}
