namespace FreeMask.Grains.Devices;

/// <summary>
/// The timeout of a batch, after which its device counts as hanging: a multiple of the longest duration so far of batches with the same
/// key, and at least a minimum. Batches have the same key if they have the same stage, round and scoring model, and so the same models.
/// </summary>
/// <param name="least">The minimum.</param>
/// <param name="first">The timeout of the first batch of a key, which includes loading models.</param>
internal sealed class BatchTimeoutPolicy(TimeSpan least, TimeSpan first)
{
    private const double Factor = 3;
    private const int MaxRecords = 64;

    private readonly Dictionary<BatchKey, TimeSpan> _longest = [];

    /// <summary>Whether a batch of this key completed before.</summary>
    public bool HasCompleted(BatchKey key) => _longest.ContainsKey(key);

    /// <summary>The timeout of a batch.</summary>
    public TimeSpan TimeoutOf(BatchKey key) => !_longest.TryGetValue(key, out var longest) ? first
        : longest * Factor > least ? longest * Factor
        : least;

    /// <summary>
    /// Records the duration of a batch. For a batch that timed out the timeout is recorded, so that the next one gets more time.
    /// </summary>
    public void Record(BatchKey key, TimeSpan taken)
    {
        if (_longest.TryGetValue(key, out var longest))
        {
            if (taken > longest) _longest[key] = taken;
            return;
        }

        // Keys of former rounds are evicted; an evicted duration is measured again.
        if (_longest.Count == MaxRecords) _longest.Clear();
        _longest[key] = taken;
    }
}
