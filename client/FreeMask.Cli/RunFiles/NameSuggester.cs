namespace FreeMask.Cli.RunFiles;

/// <summary>Finds the known name that is most similar to a mistyped one.</summary>
internal static class NameSuggester
{
    /// <summary>
    /// The candidate with the least Damerau-Levenshtein distance (optimal string alignment, ignoring case), or null where none is similar
    /// enough: at most a third of the letters differ, or one of the two names begins with the other.
    /// </summary>
    internal static string? Nearest(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var candidate in candidates)
        {
            var distance = Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance >= bestDistance) continue;
            best = candidate;
            bestDistance = distance;
        }

        if (best is null) return null;
        var starts =
            name.Length >= 3
            && (best.StartsWith(name, StringComparison.OrdinalIgnoreCase) || name.StartsWith(best, StringComparison.OrdinalIgnoreCase));
        return starts || bestDistance <= Math.Max(1, Math.Max(name.Length, best.Length) / 3) ? best : null;
    }

    /// <summary>" Did you mean 'x'?" or an empty text.</summary>
    internal static string Suggestion(string name, IEnumerable<string> candidates) =>
        Nearest(name, candidates) is { } near ? $" Did you mean '{near}'?" : "";

    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var substitution = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(substitution, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
