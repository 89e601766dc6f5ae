using FreeMask.Client.Runs;

namespace FreeMask.Dashboard.Engines;

/// <summary>The engine that the dashboard shows. It may be replaced while the dashboard runs, when the process behind it ends.</summary>
internal interface IEngineSource
{
    /// <summary>The engine; null while none is open.</summary>
    IEngine? Current { get; }

    /// <summary>Why there is no engine; null if there is one, or if it is being opened for the first time.</summary>
    string? Problem { get; }

    /// <summary>What is shown, such as the data folder or the file of the cluster.</summary>
    string Origin { get; }

    /// <summary>Notes that this process works on a run: it was started or resumed here.</summary>
    void NoteWork(string run);

    /// <summary>Whether a process works on a run whose state is Running.</summary>
    bool WorksOn(string run);
}
