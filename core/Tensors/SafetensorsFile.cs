using System.Buffers.Binary;
using System.Text.Json;
using FreeMask.Files;
using Microsoft.Win32.SafeHandles;

namespace FreeMask.Tensors;

/// <summary>
/// The safetensors format: an 8-byte little-endian header length, a JSON header (name to type, shape and data offsets), then the data
/// without holes or overlaps (huggingface/safetensors, README "Format").
/// </summary>
internal sealed class SafetensorsFile
{
    private const int MaximumHeader = 100_000_000;

    private readonly Dictionary<string, NamedTensor> _byName;

    /// <summary>Makes a file in memory.</summary>
    /// <exception cref="FreeMaskException">Two tensors have the same name.</exception>
    public SafetensorsFile(IEnumerable<NamedTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        _byName = new(StringComparer.Ordinal);
        foreach (var tensor in tensors)
            if (!_byName.TryAdd(tensor.Name, tensor)) throw new FreeMaskException($"Two tensors are named {tensor.Name}.");
        Metadata = metadata ?? new Dictionary<string, string>();
    }

    /// <summary>All tensors, in no particular order.</summary>
    public IReadOnlyCollection<NamedTensor> Tensors => _byName.Values;

    /// <summary>The free text of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>The tensor of that name.</summary>
    /// <exception cref="FreeMaskException">There is none.</exception>
    public NamedTensor this[string name] =>
        _byName.TryGetValue(name, out var tensor) ? tensor : throw new FreeMaskException($"The file has no tensor named {name}.");

    /// <summary>Looks a tensor up.</summary>
    public bool TryGet(string name, out NamedTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <summary>Reads a file of any size; a single tensor may have up to 2 GB.</summary>
    /// <exception cref="FreeMaskException">The file is missing, truncated or not a valid safetensors file.</exception>
    public static SafetensorsFile Load(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return Read(new Source(RandomAccess.GetLength(file), (position, count) => Bytes(file, position, count), false), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FreeMaskException($"{path} does not exist.", e);
        }
        catch (EndOfStreamException e)
        {
            throw Invalid(path, "it became shorter while it was read", e);
        }
    }

    /// <summary>Parses the bytes of a file; tensors refer into <paramref name="data"/> without a copy.</summary>
    /// <exception cref="FreeMaskException">The bytes are not a valid safetensors file; the message names
    /// <paramref name="origin"/>.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> data, string origin) =>
        Read(new Source(data.Length, (position, count) => data.Slice((int)position, count), false), origin);

    /// <summary>Reads the header; a tensor is read whenever its elements are asked for.</summary>
    /// <param name="length">Bytes of the file.</param>
    /// <param name="read">Reads so many bytes from a position, as long as the tensors are used.</param>
    /// <param name="origin">What messages call the file.</param>
    /// <exception cref="FreeMaskException">The bytes are not a valid safetensors file.</exception>
    public static SafetensorsFile Open(long length, Func<long, int, ReadOnlyMemory<byte>> read, string origin) =>
        Read(new Source(length, read, true), origin);

    private static SafetensorsFile Read(Source source, string origin)
    {
        if (source.Length < 8) throw Invalid(origin, "it is shorter than 8 bytes");
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(source.Read(0, 8).Span);
        if (headerLength > MaximumHeader || headerLength > (ulong)(source.Length - 8))
            throw Invalid(origin, $"its header claims {headerLength} bytes");
        try
        {
            using var header = JsonDocument.Parse(source.Read(8, (int)headerLength));
            return Read(header.RootElement, source, 8 + (long)headerLength, origin);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Invalid(origin, "its header is not the expected JSON", e);
        }
    }

    /// <summary>Writes the file; a reader sees it whole or not at all.</summary>
    public void Save(string path) => AtomicFile.Write(path, Write);

    /// <summary>The bytes of the file, which must fit into an array.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        Write(stream);
        return stream.ToArray();
    }

    /// <summary>Writes header and data; tensors are sorted by descending alignment, then name, as the reference writer does.</summary>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var ordered = _byName.Values
            .OrderByDescending(t => NamedTensor.ElementSize(t.DataType, t.Name)).ThenBy(t => t.Name, StringComparer.Ordinal).ToArray();
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0) WriteMetadata(json);
            long offset = 0;
            foreach (var tensor in ordered)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.DataType);
                WriteNumbers(json, "shape", tensor.Shape);
                WriteNumbers(json, "data_offsets", [offset, offset + tensor.Length]);
                json.WriteEndObject();
                offset += tensor.Length;
            }

            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)buffer.Length);
        stream.Write(length);
        buffer.WriteTo(stream);
        foreach (var tensor in ordered) stream.Write(tensor.Bytes.Span);
    }

    private static SafetensorsFile Read(JsonElement header, Source source, long start, string origin)
    {
        var length = source.Length - start;
        var tensors = new List<(long Begin, long End, NamedTensor Tensor)>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in header.EnumerateObject())
        {
            if (entry.NameEquals("__metadata__"))
            {
                foreach (var pair in entry.Value.EnumerateObject()) metadata[pair.Name] = pair.Value.GetString() ?? "";
                continue;
            }

            var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64()).ToArray();
            var offsets = entry.Value.GetProperty("data_offsets");
            long begin = offsets[0].GetInt64(), end = offsets[1].GetInt64();
            if (begin < 0 || end < begin || end > length)
                throw Invalid(origin, $"tensor {entry.Name} lies outside of the file (is it truncated?)");
            if (end - begin > Array.MaxLength)
                throw Invalid(origin, $"tensor {entry.Name} has {end - begin} bytes, more than one array holds");
            var type = entry.Value.GetProperty("dtype").GetString() ?? "";
            var tensor = source.IsLazy
                ? new NamedTensor(entry.Name, type, shape, () => source.Read(start + begin, (int)(end - begin)))
                : new NamedTensor(entry.Name, type, shape, source.Read(start + begin, (int)(end - begin)));
            if (tensor.Count * NamedTensor.ElementSize(tensor.DataType, tensor.Name) != end - begin)
                throw Invalid(origin, $"tensor {entry.Name} has {end - begin} bytes, which is not what its shape and type need");
            tensors.Add((begin, end, tensor));
        }

        long position = 0;
        foreach (var (begin, end, tensor) in tensors.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            if (begin != position) throw Invalid(origin, $"there is a hole or an overlap before tensor {tensor.Name}");
            position = end;
        }

        if (position != length) throw Invalid(origin, "there are bytes after the last tensor");
        return new SafetensorsFile(tensors.Select(t => t.Tensor), metadata);
    }

    private static ReadOnlyMemory<byte> Bytes(SafeFileHandle file, long position, int count)
    {
        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var got = RandomAccess.Read(file, bytes.AsSpan(read), position + read);
            if (got == 0) throw new EndOfStreamException();
            read += got;
        }

        return bytes;
    }

    private void WriteMetadata(Utf8JsonWriter json)
    {
        json.WriteStartObject("__metadata__");
        foreach (var (key, value) in Metadata.OrderBy(p => p.Key, StringComparer.Ordinal)) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, IReadOnlyList<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    /// <summary>Where the bytes of a file are.</summary>
    /// <param name="Length">How many there are.</param>
    /// <param name="Read">Reads so many from a position.</param>
    /// <param name="IsLazy">Whether tensors are read when they are asked for.</param>
    private sealed record Source(long Length, Func<long, int, ReadOnlyMemory<byte>> Read, bool IsLazy);

    private static FreeMaskException Invalid(string origin, string why, Exception? inner = null) =>
        new($"{origin} is not a valid safetensors file: {why}.", inner!);
}
