using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Bundles;
using FreeMask.Vision.Evaluation;

namespace FreeMask.Cli.Verbs;

/// <summary>What experiments on the held-out images of a bundle have in common: options, the bundle's folder, numbers in tables.</summary>
internal sealed class HeldOutExperiment(VerbHost host)
{
    internal Option<string> Model { get; } = new("--model")
    {
        Description = "A bundle with a held-out set.",
        DefaultValueFactory = _ => "mini",
        HelpName = "MODEL",
    };

    internal Option<int> Images { get; } = new Option<int>("--images")
    {
        Description = "How many held-out images; 0 for all.",
        HelpName = "N",
    }.Within(0, int.MaxValue);

    internal Option<ulong> Seed { get; } = Arguments.Seed("Names the noise and the draws of the intervals.");

    /// <summary>The folder of the bundle that is named.</summary>
    /// <exception cref="FreeMaskException">There is no such bundle.</exception>
    internal string Folder(ParseResult parsed) => FolderOf(host, parsed.GetRequiredValue(Model));

    /// <summary>The folder of a bundle.</summary>
    /// <exception cref="FreeMaskException">There is no such bundle.</exception>
    internal static string FolderOf(VerbHost host, string named) =>
        host.Bundles.Folder(named, Directory.GetCurrentDirectory())
        ?? throw new FreeMaskException($"There is no model bundle '{named}' with a {BundleCatalog.IndexFile}.");

    /// <summary>A number and its interval, such as <c>0.719 (0.701 to 0.736)</c>.</summary>
    internal static string WithInterval(double value, ConfidenceInterval interval, string format = "0.000")
    {
        // Rounded first: a small negative number would get both signs.
        string Number(double number) => (Math.Round(number, 3) + 0.0).ToString(format, CultureInfo.InvariantCulture);
        return $"{Number(value)} ({Number(interval.Low)} to {Number(interval.High)})";
    }
}
