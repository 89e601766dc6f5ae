using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FreeMask.Pipeline;
using FreeMask.Training.Mini;

namespace FreeMask.Cli.Experiments;

/// <summary>What results depend on besides the program.</summary>
/// <param name="Bundle">The sha256 of the model bundle.</param>
/// <param name="HeldOut">The sha256 over names and sizes of the files of its test sets.</param>
/// <param name="Corpus">The name of the second corpus of captions; null where there is none. Rows of a placement model or of a harmonizer
/// name it themselves.</param>
internal sealed record ExperimentSettings(string Bundle, string HeldOut, string? Corpus)
{
    /// <summary>The settings of a bundle, and of a corpus that not everyone has.</summary>
    /// <exception cref="FreeMaskException">The bundle cannot be read.</exception>
    internal static ExperimentSettings Of(string model, string? corpus) => new(
        BundleHash.Of(model),
        Names(Path.Combine(model, MiniDiffusionTrainer.HeldOutFolder)),
        Path.GetFileName(corpus)
    );

    private static string Names(string folder)
    {
        if (!Directory.Exists(folder))
            throw new FreeMaskException($"The bundle has no test sets: there is no folder {folder}. Experiments need a bundle that has.");
        var generated = Path.Combine(folder, GeneratedSet.FolderName) + Path.DirectorySeparatorChar;
        var names = Directory
            .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            // Generated images are no test set, and what is measured on them is kept under a hash of its own.
            .Where(file => !file.StartsWith(generated, StringComparison.Ordinal))
            .Select(file => string.Create(
                CultureInfo.InvariantCulture,
                $"{Path.GetRelativePath(folder, file).Replace('\\', '/')} {new FileInfo(file).Length}\n"
            ))
            .Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(names))));
    }
}
