using System.Globalization;
using System.Text;
using FreeMask.Cli.RunFiles;
using FreeMask.GrainInterfaces;
using FreeMask.Vision;

namespace FreeMask.Cli.Runs;

/// <summary>Names runs and finds the one that a user means.</summary>
internal static class RunIds
{
    /// <summary>An id that no run has: the name in lower case, other characters as '-', and a number where it is taken.</summary>
    internal static string Next(string name, IReadOnlyCollection<string> taken)
    {
        var text = new StringBuilder();
        foreach (var c in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c) || c is '.' or '_') text.Append(c);
            else if (text.Length > 0 && text[^1] != '-') text.Append('-');
        }

        var stem = text.ToString().Trim('-', '.');
        var id = stem;
        for (var number = 2; taken.Contains(id); number++) id = string.Create(CultureInfo.InvariantCulture, $"{stem}-{number}");
        return id;
    }

    /// <summary>The run that was named, or else the newest one that <paramref name="fits"/>.</summary>
    /// <exception cref="FreeMaskException">There is no such run.</exception>
    internal static async Task<string> FindAsync(IEngine engine, string? named, Func<RunStatus, bool> fits, string kind)
    {
        var runs = await engine.Directory.List();
        if (named is not null)
        {
            return runs.Contains(named, StringComparer.Ordinal) ? named
                : throw new FreeMaskException($"There is no run '{named}' in this data folder.{Names.Suggestion(named, runs)} {Listing(runs)}");
        }

        foreach (var run in runs.Reverse())
            if (fits(await engine.Run(run).GetStatus())) return run;
        throw new FreeMaskException($"There is no {kind} run in this data folder. {Listing(runs)}");
    }

    private static string Listing(string[] runs) =>
        runs.Length == 0 ? "It has no runs; 'freemask run FILE' starts one, and --data names another folder." : $"Its runs: {string.Join(", ", runs)}.";
}
