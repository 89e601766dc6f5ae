namespace FreeMask.Timing;

/// <summary>The rate at which a count grows, over the last 15 s: long enough for several batches, short enough to follow a
/// change.</summary>
/// <param name="time">Measures the seconds.</param>
internal sealed class RateMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(15);

    private readonly Queue<(long At, long Count)> _points = new();

    /// <summary>Records the count.</summary>
    public void Note(long count)
    {
        var now = time.GetTimestamp();
        _points.Enqueue((now, count));
        while (_points.Count > 2 && time.GetElapsedTime(_points.Peek().At, now) > Window) _points.Dequeue();
    }

    /// <summary>Growth per second; 0 before there are two counts.</summary>
    public double PerSecond
    {
        get
        {
            if (_points.Count < 2) return 0;
            var (first, last) = (_points.Peek(), _points.Last());
            var seconds = time.GetElapsedTime(first.At, last.At).TotalSeconds;
            return seconds < 0.05 ? 0 : Math.Max(0, last.Count - first.Count) / seconds;
        }
    }
}
