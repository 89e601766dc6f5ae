namespace FreeMask.GrainInterfaces;

/// <summary>Makes artifacts of a run's samples again that the store lost; the key is the run's id. Lives where devices are.</summary>
[Alias("freemask.IArtifactRestorerGrain")]
public interface IArtifactRestorerGrain : IGrainWithStringKey
{
    /// <summary>Makes an artifact again; takes as long as the work that made it.</summary>
    /// <param name="spec">What the run makes.</param>
    /// <param name="round">The round of the sample that it belongs to.</param>
    /// <param name="index">The sample's index.</param>
    /// <param name="hash">The artifact's address.</param>
    /// <returns>Whether the store has it again; false where the sample does not name it, or the work made other bytes.</returns>
    [Alias("Restore"), ResponseTimeout("00:30:00")]
    Task<bool> Restore(RunSpec spec, int round, int index, string hash);
}
