using Spectre.Console;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// What a verb has at hand besides its arguments. Results go to <see cref="Out"/> (standard output), everything said on the way to
/// <see cref="Error"/> (standard error), so that output can be piped and progress still be seen.
/// </summary>
internal sealed class CommandContext
{
    internal required IAnsiConsole Out { get; init; }

    internal required IAnsiConsole Error { get; init; }

    /// <summary>Whether the outcome is written as JSON. Verbs need it only to leave out work that just serves the eye.</summary>
    internal required bool Json { get; init; }

    internal required DataFolder Data { get; init; }

    /// <summary>The configuration file of the cluster that does the work; null where the data folder is all.</summary>
    internal string? Cluster { get; init; }

    /// <summary>The devices that arguments name for work in this process; none for those that configuration names.</summary>
    internal IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>Whether only results and errors are written.</summary>
    internal bool Quiet { get; init; }

    /// <summary>Where log entries are written besides the log's file; null for nowhere.</summary>
    internal TextWriter? Log { get; init; }

    internal required TimeProvider Time { get; init; }

    /// <summary>A line beside the result, never broken: logs are searched by lines.</summary>
    internal void WriteMessage(string line)
    {
        if (!Quiet) Error.Profile.Out.Writer.WriteLine(line);
    }
}
