using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FreeMask.Vision.Datasets;

/// <summary>The hash of a data set. It is computed once in a process for files of the same paths, sizes and times.</summary>
internal static class DatasetHash
{
    private static readonly ConcurrentDictionary<string, string> Known = new(StringComparer.Ordinal);

    /// <summary>The sha256 over the names of the images and the contents of their files, in the order of the data set; 64 lower-case
    /// hexadecimal digits.</summary>
    /// <exception cref="FreeMaskException">A file cannot be read.</exception>
    internal static string Of(LabeledDataset data)
    {
        try
        {
            var state = new StringBuilder();
            foreach (var file in Enumerable.Range(0, data.Count).SelectMany(data.FilesOf).Select(path => new FileInfo(path)))
                state.Append(CultureInfo.InvariantCulture, $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}\n");
            return Known.GetOrAdd(Text(SHA256.HashData(Encoding.UTF8.GetBytes(state.ToString()))), _ => Compute(data));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The data set {data.Root} cannot be read: {unreadable.Message}", unreadable);
        }
    }

    private static string Compute(LabeledDataset data)
    {
        // The annotations of many images may be one file.
        var hashes = new Dictionary<string, string>(StringComparer.Ordinal);
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < data.Count; i++)
        {
            var line = new StringBuilder(data.IdOf(i));
            foreach (var file in data.FilesOf(i))
            {
                if (!hashes.TryGetValue(file, out var hash))
                {
                    using var stream = File.OpenRead(file);
                    hashes.Add(file, hash = Text(SHA256.HashData(stream)));
                }

                line.Append(' ').Append(hash);
            }

            all.AppendData(Encoding.UTF8.GetBytes(line.Append('\n').ToString()));
        }

        return Text(all.GetHashAndReset());
    }

    private static string Text(byte[] hash) => Convert.ToHexStringLower(hash);
}
