using FreeMask.Grains.Domain;

namespace FreeMask.Grains.Rounds;

/// <summary>
/// Finds samples whose stored records say less than their shard knows: the store lost a record, or came back without its last writes. Such samples
/// are read from the store again and go on from there, so that nobody waits for results that would be refused for ever.
/// </summary>
/// <param name="grains">Where the samples are.</param>
/// <param name="time">Spaces the checks of all samples.</param>
internal sealed class RecordVerifier(IGrainFactory grains, TimeProvider time)
{
    /// <summary>What the failures of a run say of a sample whose record was lost.</summary>
    public const string LostReason = "the store lost what was kept of the sample; its work is done again";

    // A store that loses writes again and again must not keep the shard busy with reading.
    private static readonly TimeSpan AllInterval = TimeSpan.FromSeconds(2);

    private readonly HashSet<int> _suspects = [];
    private readonly Dictionary<int, int> _stalls = [];
    private long? _checkedAll;
    private bool _all;

    /// <summary>Whether something is to be checked now.</summary>
    public bool IsNeeded => _suspects.Count > 0 || IsAllDue;

    private bool IsAllDue => _all && (_checkedAll is not { } last || time.GetElapsedTime(last) >= AllInterval);

    /// <summary>Asks for a check of every sample: the store is known to have lost something.</summary>
    public void RequestAll() => _all = true;

    /// <summary>Asks for a check of one sample.</summary>
    public void Suspect(int index) => _suspects.Add(index);

    /// <summary>Notes that work on a sample ended without bringing it forward.</summary>
    /// <returns>How often that has happened since <see cref="Forget"/>.</returns>
    public int NoteStall(int index) => _stalls[index] = _stalls.GetValueOrDefault(index) + 1;

    /// <summary>Forgets the samples that did not come forward.</summary>
    public void Forget() => _stalls.Clear();

    /// <summary>Reads the samples in question from the store and takes what they say. Samples that a device has are left out: its report tells.</summary>
    /// <param name="ledger">What the shard knows.</param>
    /// <param name="desired">What the shard holds.</param>
    /// <returns>How many samples the store knew less of than the ledger.</returns>
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
            // What moved while the store was read needs no check.
            if (ledger.IsLeased(index) || (ledger.StateOf(index), ledger.AttemptOf(index)) != before[index]) continue;
            var progress = SampleTransitions.ProgressOf(record ?? SamplePlanner.Fresh(desired.Spec, desired.Round, index));
            if (ledger.Apply(progress)) continue;
            ledger.Regress(progress, LostReason);
            lost++;
        }

        return lost;
    }
}
