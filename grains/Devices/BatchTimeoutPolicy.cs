namespace FreeMask.Grains.Devices;

/// <summary>
/// How long a batch may take before its device is held to hang: a multiple of the longest of its like so far, and never less than a
/// minimum. Batches are alike that may share a batch: one kind of work of one round with one scoring model, so with the same models.
/// </summary>
/// <param name="least">The minimum.</param>
/// <param name="first">For a batch of which nothing is known: models are loaded first.</param>
internal sealed class BatchTimeoutPolicy(TimeSpan least, TimeSpan first)
{
    private const double Factor = 3;
    private const int Remembered = 64;

    private readonly Dictionary<BatchKey, TimeSpan> _longest = [];

    /// <summary>Whether a batch of this kind came to its end before.</summary>
    public bool HasCompleted(BatchKey key) => _longest.ContainsKey(key);

    /// <summary>How long a batch may take.</summary>
    public TimeSpan TimeoutOf(BatchKey key) => !_longest.TryGetValue(key, out var longest) ? first
        : longest * Factor > least ? longest * Factor
        : least;

    /// <summary>Notes what a batch took. One that was given up counts with what it had been allowed: the next of its like gets more.</summary>
    public void Record(BatchKey key, TimeSpan taken)
    {
        if (_longest.TryGetValue(key, out var longest))
        {
            if (taken > longest) _longest[key] = taken;
            return;
        }

        // Rounds come and go; what is forgotten is learned again.
        if (_longest.Count == Remembered) _longest.Clear();
        _longest[key] = taken;
    }
}
