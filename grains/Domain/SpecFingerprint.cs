using System.Text.Json;
using FreeMask.Grains.Artifacts;

namespace FreeMask.Grains.Domain;

/// <summary>Compares specifications by content: records with arrays do not compare by value.</summary>
internal static class SpecFingerprint
{
    /// <summary>The sha256 of all values of a specification.</summary>
    public static string Of(RunSpec spec) => ArtifactHash.Of(JsonSerializer.SerializeToUtf8Bytes(spec));
}
