using System.Globalization;

namespace FreeMask.Grains.Artifacts;

/// <summary>
/// A set of artifact hashes that keeps 8 bytes of each, so that the artifacts of a million samples fit into memory. After a collision
/// (probability 2^-64 a pair) an unreferenced artifact is kept; a referenced one is never removed.
/// </summary>
internal sealed class ReferencedArtifacts
{
    private readonly HashSet<ulong> _prefixes = [];

    /// <summary>Number of entries.</summary>
    public long Count => _prefixes.Count;

    /// <summary>Adds an artifact; null is ignored.</summary>
    public void Add(string? hash)
    {
        if (hash is not null) _prefixes.Add(PrefixOf(hash));
    }

    /// <summary>Adds artifacts.</summary>
    public void Add(IEnumerable<string?> hashes)
    {
        foreach (var hash in hashes) Add(hash);
    }

    /// <summary>Whether an artifact is in the set.</summary>
    public bool Contains(string hash) => _prefixes.Contains(PrefixOf(hash));

    private static ulong PrefixOf(string hash) =>
        ulong.Parse(hash.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
