using System.Text.Json.Nodes;

namespace FreeMask.Dashboard.Engines;

/// <summary>Starts runs from the text of a run file. Absent where models and run files of users are out of reach.</summary>
internal interface IRunStarter
{
    /// <summary>A run file to begin with.</summary>
    string Example { get; }

    /// <summary>The JSON Schema of run files.</summary>
    JsonObject Schema { get; }

    /// <summary>
    /// Problems of the text of a run file by itself, without the machine that it would run on: fast enough for each pause in writing.
    /// </summary>
    IReadOnlyList<RunFilePlace> FindProblems(string text);

    /// <summary>Checks the text of a run file.</summary>
    /// <returns>Its problems with line and column; none if it can be run. Notes do not prevent a run.</returns>
    RunFileCheck Check(string text);

    /// <summary>Starts a run.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="FreeMaskException">The file cannot be run, or a run with the same settings exists.</exception>
    Task<string> StartAsync(string text, bool again, CancellationToken stop);
}

/// <summary>The result of a check.</summary>
/// <param name="Problems">What must be put right, one sentence each, with line and column.</param>
/// <param name="Notes">What is worth knowing before the run starts.</param>
/// <param name="Samples">Samples over all rounds; 0 where there are problems.</param>
/// <param name="Places">The problems that have a place in the text, in the order of <paramref name="Problems"/>.</param>
internal sealed record RunFileCheck(
    IReadOnlyList<string> Problems,
    IReadOnlyList<string> Notes,
    long Samples,
    IReadOnlyList<RunFilePlace> Places
);

/// <summary>A problem of a run file and where it is.</summary>
/// <param name="Line">The line, from 1.</param>
/// <param name="Column">The column, from 1.</param>
/// <param name="Message">What is wrong, and what to do.</param>
internal sealed record RunFilePlace(int Line, int Column, string Message);
