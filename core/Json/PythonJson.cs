using System.Text;

namespace FreeMask.Json;

/// <summary>
/// JSON as Python writes it: with <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>, which JSON does not know (diffusers writes an infinite
/// <c>lambda_min_clipped</c> for DPM-Solver), and maybe a byte order mark.
/// </summary>
internal static class PythonJson
{
    private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a file as JSON that every reader takes.</summary>
    public static byte[] ReadFile(string path) => Mend(File.ReadAllBytes(path));

    /// <summary>The same text as JSON: infinities as numbers that are read as infinite (1e999), NaN as null.</summary>
    public static string Mend(string text) => Encoding.UTF8.GetString(Mend(Encoding.UTF8.GetBytes(text)));

    /// <summary>The same bytes as JSON: infinities as numbers that are read as infinite (1e999), NaN as null.</summary>
    public static byte[] Mend(byte[] json)
    {
        ArgumentNullException.ThrowIfNull(json);
        var start = json.AsSpan().StartsWith(Mark) ? Mark.Length : 0;
        using var result = new MemoryStream(json.Length);
        var inText = false;
        for (var at = start; at < json.Length; at++)
        {
            var rest = json.AsSpan(at);
            if (inText && json[at] == '\\' && rest.Length > 1)
            {
                result.Write(rest[..2]);
                at++;
                continue;
            }

            if (json[at] == '"') inText = !inText;
            if (!inText && rest.StartsWith("Infinity"u8)) at += Replace("Infinity"u8, "1e999"u8);
            else if (!inText && rest.StartsWith("NaN"u8)) at += Replace("NaN"u8, "null"u8);
            else result.WriteByte(json[at]);
        }

        return result.ToArray();

        int Replace(ReadOnlySpan<byte> word, ReadOnlySpan<byte> by)
        {
            result.Write(by);
            return word.Length - 1;
        }
    }
}
