using Spectre.Console;

namespace FreeMask.Cli.Terminal;

/// <summary>
/// The execution context of a verb besides its arguments. Results go to <see cref="Out"/> (standard output), messages and progress to <see
/// cref="Error"/> (standard error), so that output can be piped while progress is visible.
/// </summary>
internal sealed class CommandContext
{
    internal required IAnsiConsole Out { get; init; }

    internal required IAnsiConsole Error { get; init; }

    /// <summary>Whether the result is written as JSON. Verbs use it only to skip work for the display.</summary>
    internal required bool Json { get; init; }

    internal required DataFolder Data { get; init; }

    /// <summary>The configuration file of the cluster that does the work; null for the data folder.</summary>
    internal string? Cluster { get; init; }

    /// <summary>The devices of a silo in this process; empty for the configured ones.</summary>
    internal IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>The device on which a silo in this process trains; null for the configured one.</summary>
    internal string? TrainingDevice { get; init; }

    /// <summary>Whether only results and errors are written.</summary>
    internal bool Quiet { get; init; }

    /// <summary>Receives log entries in addition to the log file; null for none.</summary>
    internal TextWriter? Log { get; init; }

    internal required TimeProvider Time { get; init; }

    /// <summary>The same context with another data folder.</summary>
    internal CommandContext In(DataFolder data) => new()
    {
        Out = Out,
        Error = Error,
        Json = Json,
        Data = data,
        Cluster = Cluster,
        Devices = Devices,
        TrainingDevice = TrainingDevice,
        Quiet = Quiet,
        Log = Log,
        Time = Time,
    };

    /// <summary>Writes a line to standard error, without line breaks, so that logs can be searched by lines.</summary>
    internal void WriteMessage(string line)
    {
        if (!Quiet) Error.Profile.Out.Writer.WriteLine(line);
    }
}
