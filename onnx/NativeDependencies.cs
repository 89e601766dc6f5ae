using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace FreeMask.Onnx;

/// <summary>The shared libraries that a native library asks for, read from its file without loading it (ELF, 64 bits, Linux).</summary>
internal static class NativeDependencies
{
    private const int DynamicSection = 6, Needed = 1;

    /// <summary>The path of a native library of this program; null if it has none of this name.</summary>
    internal static string? Find(string file)
    {
        var searched = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return searched
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Prepend(Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"))
            .Prepend(AppContext.BaseDirectory)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Whether the loader finds a library by its name.</summary>
    internal static bool CanLoad(string name)
    {
        if (!NativeLibrary.TryLoad(name, out var handle) && !(Find(name) is { } own && NativeLibrary.TryLoad(own, out handle)))
            return false;
        NativeLibrary.Free(handle);
        return true;
    }

    /// <summary>The names in the file's dynamic section (DT_NEEDED), in its order.</summary>
    /// <exception cref="FreeMaskException">The file is no 64-bit ELF library.</exception>
    internal static IReadOnlyList<string> Of(string path)
    {
        using var file = File.OpenHandle(path);
        var header = Read(file, 0, 64);
        if (!header.AsSpan().StartsWith("\u007fELF"u8) || header[4] != 2)
            throw new FreeMaskException($"{path} is no native library for this system.");
        var sections = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(40));
        var (size, count) = (
            BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(58)),
            BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(60))
        );
        var table = Read(file, sections, size * count);
        for (var i = 0; i < count; i++)
        {
            var section = table.AsSpan(i * size, size);
            if (BinaryPrimitives.ReadInt32LittleEndian(section[4..]) != DynamicSection) continue;
            var entries = Contents(file, section);
            var names = Contents(file, table.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(section[40..]) * size, size));
            return [.. Offsets(entries).Select(at => Encoding.ASCII.GetString(names.AsSpan(at, names.AsSpan(at).IndexOf((byte)0))))];
        }

        return [];
    }

    private static IEnumerable<int> Offsets(byte[] entries)
    {
        for (var at = 0; at + 16 <= entries.Length; at += 16)
            if (BinaryPrimitives.ReadInt64LittleEndian(entries.AsSpan(at)) == Needed)
                yield return (int)BinaryPrimitives.ReadInt64LittleEndian(entries.AsSpan(at + 8));
    }

    private static byte[] Contents(Microsoft.Win32.SafeHandles.SafeFileHandle file, ReadOnlySpan<byte> section) =>
        Read(
            file,
            BinaryPrimitives.ReadInt64LittleEndian(section[24..]),
            checked((int)BinaryPrimitives.ReadInt64LittleEndian(section[32..]))
        );

    private static byte[] Read(Microsoft.Win32.SafeHandles.SafeFileHandle file, long offset, int length)
    {
        var bytes = new byte[length];
        return RandomAccess.Read(file, bytes, offset) == length
            ? bytes
            : throw new FreeMaskException("A native library is truncated; install this program again.");
    }
}
