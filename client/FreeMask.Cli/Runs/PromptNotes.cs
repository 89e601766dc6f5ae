using FreeMask.Cli.Bundles;
using FreeMask.Diffusion.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;

namespace FreeMask.Cli.Runs;

/// <summary>Prompts whose end a text encoder does not read, because it takes 77 tokens and no more.</summary>
internal sealed class PromptNotes(BundleCatalog bundles)
{
    // More prompts than this are drawn from templates, and differ by their words for class and background alone.
    private const int MostSamples = 20_000;

    // The tokenizer of each bundle; null where it cannot be loaded.
    private readonly Dictionary<string, ClipTokenizer?> _tokenizers = new(StringComparer.Ordinal);

    /// <summary>One sentence for each prompt of a run that is cut off; none where the bundle's tokenizer is not here.</summary>
    internal IReadOnlyList<string> Of(RunSpec spec)
    {
        if (spec.Source.IsFolder || bundles.Folder(spec.Model, AppContext.BaseDirectory) is not { } folder || TokenizerOf(folder) is not { } tokenizer) return [];
        var prompts = Enumerable.Range(0, spec.Rounds).SelectMany(round => Enumerable.Range(0, spec.SamplesPerRound).Select(index => (round, index)))
            .Take(MostSamples).Select(at => SamplePlanner.Plan(spec, at.round, at.index).Prompt).Distinct(StringComparer.Ordinal);
        return [.. Truncated(tokenizer, "prompt", prompts), .. Truncated(tokenizer, "negative prompt", spec.Generation.NegativePrompt.Length > 0 ? [spec.Generation.NegativePrompt] : [])];
    }

    private ClipTokenizer? TokenizerOf(string folder)
    {
        if (_tokenizers.TryGetValue(folder, out var known)) return known;
        try
        {
            return _tokenizers[folder] = Directory.Exists(Path.Combine(folder, "tokenizer")) ? ClipTokenizer.Load(Path.Combine(folder, "tokenizer")) : null;
        }
        catch (FreeMaskException)
        {
            // What is wrong with it is said when the bundle is loaded.
            return _tokenizers[folder] = null;
        }
    }

    private static IEnumerable<string> Truncated(ClipTokenizer tokenizer, string what, IEnumerable<string> prompts) =>
        from prompt in prompts
        let tokens = tokenizer.Encode(prompt)
        where tokens.CutText.Length > 0
        select $"The {what} \"{prompt}\" is longer than the {tokens.Ids.Count} tokens that the model reads; its end is cut off: \"{tokens.CutText}\".";
}
