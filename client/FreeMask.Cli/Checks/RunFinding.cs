using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Checks;

/// <summary>Why a run could not end well.</summary>
/// <param name="Key">The key of the run file that is to be changed; empty where an argument is.</param>
/// <param name="Message">What is wrong, and the remedy, without a full stop.</param>
internal sealed record RunFinding(string Key, string Message)
{
    /// <summary>The same as a problem of the run file.</summary>
    internal SpecProblem ToProblem() => new(Key, Message);
}
