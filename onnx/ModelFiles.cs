using FreeMask.Files;

namespace FreeMask.Onnx;

/// <summary>Checks of the files of a model, before anything reads them.</summary>
internal static class ModelFiles
{
    private static readonly byte[] PointerStart = [.. "version https://git-lfs"u8];

    /// <summary>Whether a file is the pointer that Git LFS keeps in place of a large file.</summary>
    public static bool IsPointer(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> start = stackalloc byte[PointerStart.Length];
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start.SequenceEqual(PointerStart);
    }

    /// <summary>Whether a file is there, and not a link to one that is gone.</summary>
    public static bool IsThere(string path) => File.Exists(RealPath.Of(path));

    /// <summary>The length of a file, of that which it stands for where it is a link.</summary>
    public static long LengthOf(string path)
    {
        using var file = File.OpenHandle(path);
        return RandomAccess.GetLength(file);
    }

    /// <summary>Checks that a file is there, and is the file itself.</summary>
    /// <exception cref="FreeMaskException">It is missing, or a Git LFS pointer in its place.</exception>
    internal static void Require(string path)
    {
        if (!IsThere(path)) throw new FreeMaskException($"{path} does not exist{LinkTo(path)}.");
        if (IsPointer(path))
            throw new FreeMaskException(
                $"{path} is a Git LFS pointer, not the file that it stands for: fetch that with git lfs pull, or download the model again."
            );
    }

    /// <summary>Checks the files beside a model that hold its weights.</summary>
    /// <exception cref="FreeMaskException">One is missing, a Git LFS pointer, or too short.</exception>
    internal static void RequireWeights(OnnxGraph graph)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(graph.Path))!;
        foreach (var (name, bytes) in graph.ExternalEnds)
        {
            var path = Path.Combine(folder, name);
            if (!IsThere(path)) throw new FreeMaskException($"{path} does not exist{LinkTo(path)}; {graph.Path} keeps its weights there.");
            Require(path);
            if (LengthOf(path) is var length && length < bytes)
                throw new FreeMaskException(
                    $"{path} has {length} bytes, but {graph.Path} keeps {bytes} bytes of weights there: the file is cut off."
                );
        }
    }

    private static string LinkTo(string path) =>
        RealPath.Of(path) is var real && real != Path.GetFullPath(path) ? $" (a link to {real})" : "";
}
