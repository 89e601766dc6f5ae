using System.Security.Cryptography;

namespace FreeMask.Grains.Artifacts;

/// <summary>Content addresses: sha256 as 64 lower-case hexadecimal digits.</summary>
internal static class ArtifactHash
{
    /// <summary>The address of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        return Convert.ToHexStringLower(digest);
    }

    /// <summary>Whether a text has the form of an address. Checked before a text becomes part of a file name.</summary>
    public static bool IsValid(string text) =>
        text.Length == 2 * SHA256.HashSizeInBytes && !text.AsSpan().ContainsAnyExcept("0123456789abcdef");
}
