namespace FreeMask.Cli.RunFiles;

/// <summary>A key that a command-line argument sets.</summary>
/// <param name="Key">The full key, such as <c>generation.steps</c>.</param>
/// <param name="Value">Its value in YAML, such as <c>5</c> or <c>[cat, dog]</c>.</param>
/// <param name="Origin">The argument for messages, such as <c>--set generation.steps=5</c>.</param>
internal sealed record RunFileSetting(string Key, string Value, string Origin)
{
    /// <summary>Reads <c>KEY=VALUE</c>.</summary>
    /// <exception cref="FreeMaskException">There is no '=' or no key.</exception>
    internal static RunFileSetting Parse(string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        var key = sign < 0 ? "" : text[..sign].Trim();
        return key.Length > 0 && key.Split('.').All(part => part.Length > 0)
            ? new(key, text[(sign + 1)..], $"--set {text}")
            : throw new FreeMaskException($"--set {text} is no setting; write KEY=VALUE, such as --set generation.steps=5.");
    }

    /// <summary>A setting whose value is a text, even if it looks like another YAML type.</summary>
    internal static RunFileSetting Text(string key, string value, string origin) =>
        new(key, $"'{value.Replace("'", "''", StringComparison.Ordinal)}'", origin);
}
