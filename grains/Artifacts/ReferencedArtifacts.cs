using System.Globalization;

namespace FreeMask.Grains.Artifacts;

/// <summary>
/// A set of artifacts, eight bytes each, so that a million samples fit. Two artifacts in 2^64 share an entry; then one that nobody names
/// stays, and none is lost.
/// </summary>
internal sealed class ReferencedArtifacts
{
    private readonly HashSet<ulong> _prefixes = [];

    /// <summary>How many there are.</summary>
    public long Count => _prefixes.Count;

    /// <summary>Adds an artifact; does nothing for null.</summary>
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

    private static ulong PrefixOf(string hash) => ulong.Parse(hash.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
