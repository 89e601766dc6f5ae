using System.Text.RegularExpressions;

namespace FreeMask.Hosting.Configuration;

/// <summary>Hides secrets in messages: those of libraries may quote a whole connection string or address.</summary>
internal static partial class Secrets
{
    /// <summary>The text with <c>***</c> in place of passwords, account keys and signatures.</summary>
    public static string Hide(string text) => Values().Replace(text, "$1***");

    [GeneratedRegex(
        @"\b((?:password|pwd|AccountKey|SharedAccessKey|SharedAccessSignature|sig)\s*=\s*)(?:""[^""]*""|'[^']+'|[^;,&'""\s]+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Values();
}
