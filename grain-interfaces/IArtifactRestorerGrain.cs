namespace FreeMask.GrainInterfaces;

/// <summary>Recomputes lost artifacts of a run's samples; the key is the run's id. Placed on silos with devices.</summary>
[Alias("freemask.IArtifactRestorerGrain")]
public interface IArtifactRestorerGrain : IGrainWithStringKey
{
    /// <summary>Recomputes an artifact; takes as long as the work that made it.</summary>
    /// <param name="spec">What the run makes.</param>
    /// <param name="round">The round of the sample that it belongs to.</param>
    /// <param name="index">The sample's index.</param>
    /// <param name="hash">The artifact's address.</param>
    /// <returns>True if the store has it again; false if the sample does not refer to it, or the work gave other bytes.</returns>
    [Alias("Restore"), ResponseTimeout("00:30:00")]
    Task<bool> Restore(RunSpec spec, int round, int index, string hash);
}
