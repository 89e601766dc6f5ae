using System.Text.RegularExpressions;

namespace FreeMask.Cli.Hub;

/// <summary>A repository of a model hub, at a branch, tag or commit.</summary>
/// <param name="Repository">As <c>owner/name</c>.</param>
/// <param name="Revision">A branch, tag or commit.</param>
internal sealed partial record HubReference(string Repository, string Revision)
{
    private const string DefaultRevision = "main";

    /// <summary>Short names of public ONNX exports; docs/stable-diffusion.md lists their sources.</summary>
    internal static IReadOnlyDictionary<string, HubReference> WellKnown { get; } =
        new Dictionary<string, HubReference>(StringComparer.Ordinal)
        {
            ["stable-diffusion-v1-5"] = new("nmkd/stable-diffusion-1.5-onnx-fp16", DefaultRevision),
            ["stable-diffusion-2-1"] = new("IlyasMoutawwakil/stable-diffusion-2-1-onnx", DefaultRevision),
            ["sdxl-turbo"] = new("stabilityai/sdxl-turbo", DefaultRevision),
        };

    /// <summary>The last part of the repository's name, or the short name.</summary>
    internal string Name =>
        WellKnown.FirstOrDefault(item => item.Value.Repository == Repository).Key
        ?? Repository[(Repository.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>Parses <c>owner/name</c>, <c>owner/name@revision</c>, or a short name with or without a revision.</summary>
    /// <exception cref="FreeMaskException">It has none of these forms.</exception>
    internal static HubReference Parse(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var (name, revision) = at < 0 ? (text, (string?)null) : (text[..at], text[(at + 1)..]);
        if (revision?.Length == 0) throw new FreeMaskException($"'{text}' names no revision after the @.");
        if (WellKnown.TryGetValue(name, out var known)) return known with { Revision = revision ?? known.Revision };
        return RepositoryName().IsMatch(name)
            ? new(name, revision ?? DefaultRevision)
            : throw new FreeMaskException(
                $"'{text}' is no repository: expected owner/name, owner/name@revision, or one of {string.Join(", ", WellKnown.Keys)}."
            );
    }

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")]
    private static partial Regex RepositoryName();
}
