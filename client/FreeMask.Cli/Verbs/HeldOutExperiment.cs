using System.CommandLine;
using FreeMask.Cli.Bundles;

namespace FreeMask.Cli.Verbs;

/// <summary>What experiments on the held-out images of a bundle have in common: options, the bundle's folder.</summary>
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
}
