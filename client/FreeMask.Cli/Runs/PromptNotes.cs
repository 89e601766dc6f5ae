using FreeMask.Cli.Bundles;
using FreeMask.Diffusion.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;

namespace FreeMask.Cli.Runs;

/// <summary>Finds prompts that a text encoder truncates: it reads 77 tokens.</summary>
internal sealed class PromptNotes(BundleCatalog bundles)
{
    // Further prompts come from the same templates, and differ only in the words for class and background.
    private const int MostSamples = 20_000;

    // The tokenizer of each bundle; null if it cannot be loaded.
    private readonly Dictionary<string, ClipTokenizer?> _tokenizers = new(StringComparer.Ordinal);

    /// <summary>One message for each truncated prompt of a run; none if the bundle's tokenizer is not on this machine.</summary>
    internal IReadOnlyList<string> Of(RunSpec spec)
    {
        if (
            spec.Source.IsFolder
            || bundles.Folder(spec.Model, AppContext.BaseDirectory) is not { } folder
            || TokenizerOf(folder) is not { } tokenizer
        )
            return [];
        var prompts = Enumerable
            .Range(0, spec.Rounds)
            .SelectMany(round => Enumerable.Range(0, spec.SamplesPerRound).Select(index => (round, index)))
            .Take(MostSamples)
            .Select(at => SamplePlanner.Plan(spec, at.round, at.index).Prompt)
            .Distinct(StringComparer.Ordinal);
        return
        [
            .. Truncated(tokenizer, "prompt", prompts),
            .. Truncated(tokenizer, "negative prompt", spec.Generation.NegativePrompt.Length > 0 ? [spec.Generation.NegativePrompt] : []),
        ];
    }

    private ClipTokenizer? TokenizerOf(string folder)
    {
        if (_tokenizers.TryGetValue(folder, out var known)) return known;
        try
        {
            return _tokenizers[folder] = Directory.Exists(Path.Combine(folder, "tokenizer"))
                ? ClipTokenizer.Load(Path.Combine(folder, "tokenizer"))
                : null;
        }
        catch (FreeMaskException)
        {
            // Loading the bundle reports the error.
            return _tokenizers[folder] = null;
        }
    }

    private static IEnumerable<string> Truncated(ClipTokenizer tokenizer, string what, IEnumerable<string> prompts) =>
        from prompt in prompts
        let tokens = tokenizer.Encode(prompt)
        where tokens.CutText.Length > 0
        select $"The {what} \"{prompt}\" is longer than the {tokens.Ids.Count} tokens that the model reads; its end is cut off: "
            + $"\"{tokens.CutText}\".";
}
