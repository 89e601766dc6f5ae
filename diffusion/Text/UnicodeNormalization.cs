using System.Globalization;
using System.Text;

namespace FreeMask.Diffusion.Text;

/// <summary>
/// Unicode composition, NFC (Unicode Standard Annex 15). .NET composes only ASCII in invariant globalization mode, where FreeMask runs so
/// that it needs no ICU and behaves the same everywhere; the tables are a resource.
/// </summary>
internal static class UnicodeNormalization
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TailBase = 0x11A7, Leads = 19, Vowels = 21, Tails = 28;

    private static readonly Lazy<Tables> Data = new(Load);

    /// <summary>Decomposes, orders combining marks by class, composes. Lone surrogates are replaced by U+FFFD.</summary>
    internal static string Compose(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u00C0', '\uFFFF')) return text;
        var runes = new List<int>();
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, runes);
        Order(runes);
        var result = new StringBuilder();
        foreach (var rune in Recompose(runes)) result.Append(char.ConvertFromUtf32(rune));
        return result.ToString();
    }

    private static void Decompose(int rune, List<int> result)
    {
        var syllable = rune - HangulBase;
        if (syllable is >= 0 and < Leads * Vowels * Tails)
        {
            result.Add(LeadBase + (syllable / (Vowels * Tails)));
            result.Add(VowelBase + (syllable / Tails % Vowels));
            if (syllable % Tails != 0) result.Add(TailBase + (syllable % Tails));
        }
        else if (Data.Value.Decompositions.TryGetValue(rune, out var parts))
        {
            foreach (var part in parts) Decompose(part, result);
        }
        else
        {
            result.Add(rune);
        }
    }

    /// <summary>Stable sort of every run of combining marks by class.</summary>
    private static void Order(List<int> runes)
    {
        for (var i = 1; i < runes.Count; i++)
        {
            var (rune, rank) = (runes[i], ClassOf(runes[i]));
            if (rank == 0) continue;
            var at = i;
            for (; at > 0 && ClassOf(runes[at - 1]) > rank; at--) runes[at] = runes[at - 1];
            runes[at] = rune;
        }
    }

    private static List<int> Recompose(List<int> runes)
    {
        var result = new List<int>();
        var starter = -1;
        var lastClass = 0;
        foreach (var rune in runes)
        {
            var rank = ClassOf(rune);
            // A mark is blocked from the starter by one of the same or a higher class between them.
            var blocked = result.Count - 1 > starter && lastClass >= rank;
            if (starter >= 0 && !blocked && Pair(result[starter], rune) is { } composed)
            {
                result[starter] = composed;
                continue;
            }

            result.Add(rune);
            lastClass = rank;
            if (rank == 0) starter = result.Count - 1;
        }

        return result;
    }

    private static int? Pair(int first, int second)
    {
        if (first - LeadBase is >= 0 and < Leads && second - VowelBase is >= 0 and < Vowels)
            return HangulBase + ((((first - LeadBase) * Vowels) + (second - VowelBase)) * Tails);
        var syllable = first - HangulBase;
        if (syllable is >= 0 and < Leads * Vowels * Tails && syllable % Tails == 0 && second - TailBase is > 0 and < Tails)
            return first + (second - TailBase);
        return Data.Value.Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private static int ClassOf(int rune) => Data.Value.Classes.GetValueOrDefault(rune);

    private static Tables Load()
    {
        var tables = new Tables([], [], []);
        using var stream = typeof(UnicodeNormalization).Assembly.GetManifestResourceStream("unicode-composition.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#')) continue;
            if (line.IndexOf("..", StringComparison.Ordinal) is > 0 and var dots)
            {
                var colon = line.IndexOf(':', StringComparison.Ordinal);
                for (var rune = Hex(line[..dots]); rune <= Hex(line[(dots + 2)..colon]); rune++)
                    tables.Classes[rune] = int.Parse(line.AsSpan(colon + 1), CultureInfo.InvariantCulture);
                continue;
            }

            var sign = line.IndexOfAny(['=', '!']);
            var (whole, parts) = (Hex(line[..sign]), Array.ConvertAll(line[(sign + 1)..].Split(' '), Hex));
            tables.Decompositions[whole] = parts;
            if (line[sign] == '=') tables.Compositions[(parts[0], parts[1])] = whole;
        }

        return tables;
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private sealed record Tables(
        Dictionary<int, int[]> Decompositions,
        Dictionary<(int, int), int> Compositions,
        Dictionary<int, int> Classes
    );
}
