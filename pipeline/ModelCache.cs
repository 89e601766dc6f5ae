namespace FreeMask.Pipeline;

/// <summary>
/// A cache of objects that are costly to open (models, lists of samples), for the batches of a device, which may overlap. Concurrent
/// requests for a key open it once. An entry in use is never disposed, so that the cache exceeds its capacity while more are in use. Safe
/// for concurrent use.
/// </summary>
/// <param name="capacity">Maximum number of unused entries; the least recently used one is disposed first.</param>
internal sealed class ModelCache<TKey, TModel>(int capacity) : IDisposable
    where TKey : notnull
    where TModel : class
{
    private readonly Lock _lock = new();

    // Least recently used first.
    private readonly List<Entry> _entries = [];
    private bool _disposed;

    /// <summary>Gets an entry, which stays open until the lease is disposed.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="open">Opens the entry if it is not open. A failure reaches every caller that waits for it, and the next call tries
    /// again.</param>
    /// <exception cref="ObjectDisposedException">The cache is disposed.</exception>
    public async Task<Lease> AcquireAsync(TKey key, Func<Task<TModel>> open)
    {
        var entry = Use(key, open);
        try
        {
            return new Lease(this, entry, await entry.Opening);
        }
        catch
        {
            Release(entry, failed: true);
            throw;
        }
    }

    /// <summary>Disposes all entries; those in use when their last lease ends.</summary>
    public void Dispose()
    {
        List<Entry> closed;
        lock (_lock)
        {
            _disposed = true;
            closed = TakeUnused(0);
        }

        Close(closed);
    }

    private Entry Use(TKey key, Func<Task<TModel>> open)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var index = _entries.FindIndex(e => EqualityComparer<TKey>.Default.Equals(e.Key, key));
            // Opening a model blocks its thread for seconds: it must not happen under the lock.
            var entry = index < 0 ? new Entry(key, Task.Run(open)) : _entries[index];
            if (index >= 0) _entries.RemoveAt(index);
            _entries.Add(entry);
            entry.Users++;
            return entry;
        }
    }

    private void Release(Entry entry, bool failed)
    {
        List<Entry> closed;
        lock (_lock)
        {
            entry.Users--;
            if (failed) _entries.Remove(entry);
            closed = TakeUnused(_disposed ? 0 : capacity);
        }

        Close(closed);
    }

    private List<Entry> TakeUnused(int limit)
    {
        var taken = new List<Entry>();
        for (var i = 0; i < _entries.Count && _entries.Count > limit;)
        {
            if (_entries[i].Users > 0)
            {
                i++;
                continue;
            }

            taken.Add(_entries[i]);
            _entries.RemoveAt(i);
        }

        return taken;
    }

    private static void Close(List<Entry> entries)
    {
        foreach (var entry in entries)
            if (entry.Opening is { IsCompletedSuccessfully: true } && entry.Opening.GetAwaiter().GetResult() is IDisposable model)
                model.Dispose();
    }

    /// <summary>A reference to an entry.</summary>
    internal sealed class Lease : IDisposable
    {
        private readonly ModelCache<TKey, TModel> _cache;
        private Entry? _entry;

        internal Lease(ModelCache<TKey, TModel> cache, Entry entry, TModel model) => (_cache, _entry, Model) = (cache, entry, model);

        /// <summary>The entry; not to be used after the lease is disposed.</summary>
        public TModel Model { get; }

        /// <summary>Ends the use of the entry.</summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _entry, null) is { } entry) _cache.Release(entry, failed: false);
        }
    }

    internal sealed class Entry(TKey key, Task<TModel> opening)
    {
        public TKey Key { get; } = key;

        public Task<TModel> Opening { get; } = opening;

        public int Users { get; set; }
    }
}
