using System.Text.Json;
using FreeMask.Grains.Artifacts;

namespace FreeMask.Grains.Domain;

/// <summary>Tells specifications apart by content: records with arrays do not compare by value.</summary>
public static class SpecFingerprint
{
    /// <summary>The sha256 of everything that a specification says.</summary>
    public static string Of(RunSpec spec) => ArtifactHash.Of(JsonSerializer.SerializeToUtf8Bytes(spec));
}
