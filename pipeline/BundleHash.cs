using System.Security.Cryptography;
using System.Text;

namespace FreeMask.Pipeline;

/// <summary>The hash of the files of a model bundle that results depend on.</summary>
internal static class BundleHash
{
    // Documents and images; the held-out set for evaluation is skipped too.
    private static readonly string[] SkippedEndings = [".md", ".txt", ".jpg", ".png", ".part"];
    private const string HeldOut = "heldout";

    /// <summary>The sha256 over names and contents of the files, ordered by name; 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="FreeMaskException">A file cannot be read.</exception>
    public static string Of(string folder)
    {
        try
        {
            using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var file in FilesOf(folder))
            {
                using var stream = File.OpenRead(file);
                var line = $"{Name(folder, file)} {Convert.ToHexStringLower(SHA256.HashData(stream))}\n";
                all.AppendData(Encoding.UTF8.GetBytes(line));
            }

            return Convert.ToHexStringLower(all.GetHashAndReset());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FreeMaskException($"The model bundle '{folder}' cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The files that are hashed.</summary>
    internal static IReadOnlyList<string> FilesOf(string folder) =>
        [
            .. Directory
                .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(file =>
                    Name(folder, file) is var name
                    && !name.StartsWith('.')
                    && !name.Contains("/.", StringComparison.Ordinal)
                    && !name.StartsWith(HeldOut + "/", StringComparison.Ordinal)
                    && (
                        name.StartsWith("tokenizer", StringComparison.Ordinal)
                        || !SkippedEndings.Any(e => name.EndsWith(e, StringComparison.OrdinalIgnoreCase))
                    )
                )
                .OrderBy(file => Name(folder, file), StringComparer.Ordinal),
        ];

    private static string Name(string folder, string file) => Path.GetRelativePath(folder, file).Replace('\\', '/');
}
