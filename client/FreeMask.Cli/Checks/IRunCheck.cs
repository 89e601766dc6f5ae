using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Checks;

/// <summary>
/// Looks for one kind of reason why a run could not end well, in files and settings that the run will need later. It reads heads of files
/// and runs no model, so that all checks together take seconds.
/// </summary>
internal interface IRunCheck
{
    /// <summary>What is wrong; nothing where another check reports the cause, such as a bundle that is not there.</summary>
    /// <param name="spec">A run whose references are resolved. Single values may be invalid; others report these.</param>
    /// <param name="machine">What the run is to be made on.</param>
    /// <exception cref="FreeMaskException">A file cannot be used; the message is the finding.</exception>
    IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine);

    /// <summary>The key that an exception of <see cref="Find"/> is reported at.</summary>
    string Key { get; }
}
