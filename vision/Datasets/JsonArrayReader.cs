using System.Text.Json;

namespace FreeMask.Vision.Datasets;

/// <summary>Walks the objects in the arrays of a JSON document's root, one after another: of a document of any length only one object is in
/// memory.</summary>
internal static class JsonArrayReader
{
    private const int BufferSize = 1 << 16;

    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <summary>Told of an object.</summary>
    /// <param name="array">The array's name.</param>
    /// <param name="offset">Where the object begins in the stream.</param>
    /// <param name="json">Its text; valid during the call.</param>
    /// <returns>Whether to go on.</returns>
    internal delegate bool Visitor(string array, long offset, ReadOnlyMemory<byte> json);

    /// <summary>Walks a document.</summary>
    /// <exception cref="JsonException">It is no JSON, or its root is no object.</exception>
    internal static void Walk(Stream stream, Visitor visit)
    {
        var buffer = new byte[BufferSize];
        var filled = stream.ReadAtLeast(buffer, ByteOrderMark.Length, throwOnEndOfStream: false);
        var consumed = buffer.AsSpan(0, filled).StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        var (origin, array, state) = (0L, "", new JsonReaderState());
        for (var ended = false; !ended;)
        {
            if (consumed == 0 && filled == buffer.Length) Array.Resize(ref buffer, 2 * buffer.Length);
            buffer.AsSpan(consumed, filled - consumed).CopyTo(buffer);
            (origin, filled) = (origin + consumed, filled - consumed);
            var read = stream.Read(buffer, filled, buffer.Length - filled);
            (filled, ended) = (filled + read, read == 0);
            var reader = new Utf8JsonReader(buffer.AsSpan(0, filled), ended, state);
            while (true)
            {
                (state, consumed) = (reader.CurrentState, (int)reader.BytesConsumed);
                if (!reader.Read()) break;
                if (reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.EndObject))
                    throw new JsonException("its root is no object");
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName) array = reader.GetString()!;
                if (reader.CurrentDepth != 2 || reader.TokenType != JsonTokenType.StartObject) continue;
                var start = (int)reader.TokenStartIndex;
                if (!reader.TrySkip()) break;
                if (!visit(array, origin + start, buffer.AsMemory(start, (int)reader.BytesConsumed - start))) return;
            }
        }
    }
}
