using FreeMask.Diffusion.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the word of the class is among the tokens that the text encoder reads: without it there is no attention.</summary>
internal sealed class PromptCheck : IRunCheck
{
    public string Key => "generation.prompts";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Source.IsFolder || machine.FolderOf(spec.Model) is not { } folder) yield break;
        var words = Path.Combine(folder, "tokenizer");
        // ModelCheck reports a tokenizer that is missing or damaged.
        if (Load(words) is not { } tokenizer) yield break;
        if (spec.LabelSet() is not { } labels || spec.Classes.Any(name => labels.IndexOf(name) < 1)) yield break;
        string[] backgrounds = spec.Backgrounds.IsEmpty ? [""] : [.. spec.Backgrounds];
        for (var i = 0; i < spec.Generation.Prompts.Length; i++)
        {
            var template = spec.Generation.Prompts[i];
            if (!PromptTemplate.NamesClass(template)) continue;
            var cut =
                from name in spec.Classes
                let item = labels[labels.IndexOf(name)]
                from kind in spec.NamesSubclasses() && item.Subclasses.Count > 0 ? item.Subclasses : [item.Words]
                from background in backgrounds
                let prompt = PromptTemplate.Fill(template, kind, background)
                let tokens = tokenizer.Encode(prompt)
                where tokens.PositionsOf(item.AttentionIn(prompt)).Count == 0
                select (name, prompt, tokens.Ids.Count);
            if (cut.FirstOrDefault() is { prompt: not null } first)
                yield return new(
                    $"{Key}[{i}]",
                    $"the model reads {first.Count} tokens, and '{first.name}' is not among those of the prompt \"{first.prompt}\"; "
                        + "shorten what stands before the class"
                );
        }
    }

    private static ClipTokenizer? Load(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? ClipTokenizer.Load(folder) : null;
        }
        catch (FreeMaskException)
        {
            return null;
        }
    }
}
