using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// Finds samples whose stored records are behind their shard: the store lost a record, or was restored without its last writes. Such
/// samples are read from the store and continue from there. Otherwise the shard would order work whose results are refused as stale,
/// without end.
/// </summary>
/// <param name="grains">Access to the samples.</param>
/// <param name="time">Limits how often all samples are checked.</param>
internal sealed class RecordVerifier(IGrainFactory grains, TimeProvider time)
{
    /// <summary>The reason that is counted for a sample whose record was lost.</summary>
    public const string LostReason = "the store lost what was kept of the sample; its work is done again";

    // A store that loses writes repeatedly must not keep the shard busy with reading.
    private static readonly TimeSpan AllInterval = TimeSpan.FromSeconds(2);

    private readonly HashSet<int> _suspects = [];
    private readonly Dictionary<int, int> _stalls = [];
    private long? _checkedAll;
    private bool _all;

    /// <summary>Whether a check is due.</summary>
    public bool IsNeeded => _suspects.Count > 0 || IsAllDue;

    private bool IsAllDue => _all && (_checkedAll is not { } last || time.GetElapsedTime(last) >= AllInterval);

    /// <summary>Requests a check of every sample, after the store was found to have lost something.</summary>
    public void RequestAll() => _all = true;

    /// <summary>Requests a check of one sample.</summary>
    public void Suspect(int index) => _suspects.Add(index);

    /// <summary>Counts work on a sample that ended without moving it forward.</summary>
    /// <returns>The count since <see cref="Forget"/>.</returns>
    public int NoteStall(int index) => _stalls[index] = _stalls.GetValueOrDefault(index) + 1;

    /// <summary>Resets the counts.</summary>
    public void Forget() => _stalls.Clear();

    /// <summary>
    /// Reads the samples in question from the store and applies their records. Samples with a lease are left out: their devices report.
    /// </summary>
    /// <param name="ledger">The shard's ledger.</param>
    /// <param name="desired">The shard's desired state.</param>
    /// <returns>Number of samples whose record was behind the ledger.</returns>
    public async Task<int> CheckAsync(ShardLedger ledger, ShardDesiredState desired)
    {
        var indices = (IsAllDue ? Enumerable.Range(desired.First, desired.Count) : _suspects).Where(i => !ledger.IsLeased(i)).ToList();
        if (IsAllDue) (_all, _checkedAll) = (false, time.GetTimestamp());
        _suspects.Clear();
        var before = indices.ToDictionary(i => i, i => (ledger.StateOf(i), ledger.AttemptOf(i)));
        var records = await Fanout.CallAsync(indices, index => grains.GetSample(desired.Run, desired.Round, index).Reload());
        var lost = 0;
        foreach (var (index, record) in indices.Zip(records))
        {
            // Samples that moved during the read need no check.
            if (ledger.IsLeased(index) || (ledger.StateOf(index), ledger.AttemptOf(index)) != before[index]) continue;
            var progress = SampleTransitions.ProgressOf(record ?? SamplePlanner.Fresh(desired.Spec, desired.Round, index));
            if (ledger.Apply(progress)) continue;
            ledger.Regress(progress, LostReason);
            lost++;
        }

        return lost;
    }
}
