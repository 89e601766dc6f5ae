using System.Globalization;
using System.Text;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Runs;

/// <summary>Creates run ids, and finds the run that a user names.</summary>
internal static class RunIds
{
    // Latin letters with diacritics, and their ASCII form. String normalization would need ICU, which FreeMask does not use.
    private static readonly Dictionary<char, string> Spelt = new (string Plain, string Letters)[]
    {
        ("a", "àáâãäåāăą"),
        ("ae", "æ"),
        ("c", "çćĉċč"),
        ("d", "ďđð"),
        ("e", "èéêëēĕėęě"),
        ("g", "ĝğġģ"),
        ("h", "ĥħ"),
        ("i", "ìíîïĩīĭįı"),
        ("j", "ĵ"),
        ("k", "ķ"),
        ("l", "ĺļľŀł"),
        ("n", "ñńņňŋ"),
        ("o", "òóôõöøōŏő"),
        ("oe", "œ"),
        ("r", "ŕŗř"),
        ("s", "śŝşšș"),
        ("ss", "ß"),
        ("t", "ţťŧț"),
        ("th", "þ"),
        ("u", "ùúûüũūŭůűų"),
        ("w", "ŵ"),
        ("y", "ýÿŷ"),
        ("z", "źżž"),
    }
        .SelectMany(pair => pair.Letters.Select(letter => (letter, pair.Plain)))
        .ToDictionary(pair => pair.letter, pair => pair.Plain);

    /// <summary>
    /// A new id: the name in lower case without diacritics, other characters replaced by '-', and a number if the id exists. A name
    /// without ASCII letters or digits gives "run".
    /// </summary>
    internal static string Next(string name, IReadOnlyCollection<string> taken)
    {
        var text = new StringBuilder();
        foreach (var c in name.ToLowerInvariant())
        {
            if (Spelt.TryGetValue(c, out var letters)) text.Append(letters);
            else if (char.IsAsciiLetterOrDigit(c) || c is '.' or '_') text.Append(c);
            else if (text.Length > 0 && text[^1] != '-') text.Append('-');
        }

        var stem = text.ToString().Trim('-', '.');
        if (stem.Length == 0) stem = "run";
        var id = stem;
        for (var number = 2; taken.Contains(id); number++) id = string.Create(CultureInfo.InvariantCulture, $"{stem}-{number}");
        return id;
    }

    /// <summary>
    /// Refuses a run without a folder in the data folder, before an engine starts and creates one. The runs of a cluster are known to its
    /// silos only.
    /// </summary>
    /// <exception cref="FreeMaskException">There is no such run.</exception>
    internal static void RequireFolder(CommandContext context, string? named)
    {
        if (named is null || context.Cluster is not null) return;
        var runs = RunFolder.All(context.Data);
        if (!runs.Contains(named, StringComparer.Ordinal)) throw Unknown(named, runs);
    }

    /// <summary>The given run, or else the newest one for which <paramref name="fits"/> holds.</summary>
    /// <exception cref="FreeMaskException">There is no such run.</exception>
    internal static async Task<string> FindAsync(IEngine engine, string? named, Func<RunStatus, bool> fits, string kind)
    {
        var runs = await engine.Directory.List();
        if (named is not null)
        {
            return runs.Contains(named, StringComparer.Ordinal) ? named
                : throw Unknown(named, runs);
        }

        foreach (var run in runs.Reverse())
            if (fits(await engine.Run(run).GetStatus())) return run;
        throw new FreeMaskException($"There is no {kind} run in this data folder. {Listing(runs)}");
    }

    private static FreeMaskException Unknown(string named, IReadOnlyList<string> runs) =>
        new($"There is no run '{named}' in this data folder.{NameSuggester.Suggestion(named, runs)} {Listing(runs)}");

    private static string Listing(IReadOnlyList<string> runs) =>
        runs.Count == 0
            ? "It has no runs; 'freemask run FILE' starts one, and --data names another folder."
            : $"Its runs: {string.Join(", ", runs)}.";
}
