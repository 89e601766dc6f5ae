using System.Collections.Concurrent;
using FreeMask.Dashboard.Engines;

namespace FreeMask.Dashboard.Services;

/// <summary>A round that is watched.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Round">The round, from 0.</param>
internal readonly record struct RoundKey(string Run, int Round);

/// <summary>
/// Reads the compact states of the rounds that pages look at, two or three times a second: one reading serves all pages of a round, and a
/// round that nobody looks at is not read.
/// </summary>
internal sealed class SampleTables(IEngineSource source, RunFeed feed, TimeProvider time)
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(10);

    // Most of a change's age on a page. A shorter one costs silos and browsers more: each reading draws a grid of changing samples anew.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(400);

    private readonly ConcurrentDictionary<RoundKey, Watched> _watched = new();

    /// <summary>Reads the states of a round now.</summary>
    /// <returns>The states; null if there is no such run or round.</returns>
    internal async Task<SampleStates?> ReadAsync(RoundKey key, CancellationToken stop)
    {
        if (_watched.TryGetValue(key, out var watched) && watched.Current is { } known) return known;
        if (await feed.FindAsync(key.Run, stop) is not { } run || key.Round < 0 || key.Round >= run.Spec.Rounds) return null;
        return await NewerAsync(key, SampleStates.Empty(run.Spec, key.Round), stop);
    }

    /// <summary>Watches a round until the result is disposed.</summary>
    /// <param name="key">The round.</param>
    /// <param name="changed">Called after each change, from another thread; must not block.</param>
    internal IDisposable Watch(RoundKey key, Action<SampleStates> changed)
    {
        var watched = _watched.GetOrAdd(key, k => new Watched(k));
        return watched.Add(this, changed);
    }

    private async Task<SampleStates> NewerAsync(RoundKey key, SampleStates known, CancellationToken stop)
    {
        if (source.Current is not { } engine) return known;
        var changed = await engine.Run(key.Run).GetSampleStates(key.Round, known.Versions).WaitAsync(AnswerTime, time, stop);
        return known.With(changed);
    }

    private async Task FollowAsync(Watched watched, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await feed.FindAsync(watched.Key.Run, stop) is { } run)
                {
                    var known = watched.Current ?? SampleStates.Empty(run.Spec, watched.Key.Round);
                    var newer = await NewerAsync(watched.Key, known, stop);
                    if (!ReferenceEquals(newer, watched.Current)) watched.Tell(newer);
                }
            }
            catch (Exception) when (!stop.IsCancellationRequested)
            {
                // The feed of runs says that there is no answer; the states stay as they are.
            }

            await Task.Delay(Pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A round with those who watch it.</summary>
    private sealed class Watched(RoundKey key)
    {
        private readonly Lock _lock = new();
        private readonly List<Action<SampleStates>> _watchers = [];
        private CancellationTokenSource? _stop;

        public RoundKey Key => key;

        public SampleStates? Current { get; private set; }

        public IDisposable Add(SampleTables tables, Action<SampleStates> changed)
        {
            lock (_lock)
            {
                _watchers.Add(changed);
                if (_stop is null)
                {
                    // What was read before nobody watched may be old.
                    Current = null;
                    _stop = new CancellationTokenSource();
                    var token = _stop.Token;
                    _ = Task.Run(() => tables.FollowAsync(this, token), CancellationToken.None);
                }
                else if (Current is { } current)
                {
                    changed(current);
                }
            }

            return new Registration(this, changed);
        }

        public void Tell(SampleStates states)
        {
            Action<SampleStates>[] watchers;
            lock (_lock)
            {
                if (_stop is null) return;
                Current = states;
                watchers = [.. _watchers];
            }

            foreach (var watcher in watchers) watcher(states);
        }

        private void Remove(Action<SampleStates> changed)
        {
            lock (_lock)
            {
                _watchers.Remove(changed);
                if (_watchers.Count > 0) return;
                _stop?.Cancel();
                _stop?.Dispose();
                (_stop, Current) = (null, null);
            }
        }

        private sealed class Registration(Watched watched, Action<SampleStates> changed) : IDisposable
        {
            private Action<SampleStates>? _changed = changed;

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _changed, null) is { } action) watched.Remove(action);
            }
        }
    }
}
