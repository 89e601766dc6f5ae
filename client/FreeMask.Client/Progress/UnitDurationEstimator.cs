namespace FreeMask.Client.Progress;

/// <summary>
/// Estimates the seconds for one unit of work (a sample or a step), as the mean from the first observed progress to the last. The time
/// before the first progress, such as the loading of a model, does not count.
/// </summary>
internal sealed class UnitDurationEstimator
{
    private double _last = double.NaN;
    private (DateTimeOffset At, double Work)? _first;
    private double? _seconds;

    /// <summary>Discards all observations.</summary>
    internal void Restart() => (_last, _first, _seconds) = (double.NaN, null, null);

    /// <summary>Records the amount of completed work.</summary>
    /// <returns>Seconds for each unit; null before the second progress.</returns>
    internal double? Observe(double work, DateTimeOffset now)
    {
        if (work > _last)
        {
            if (_first is not { } first) _first = (now, work);
            else _seconds = (now - first.At).TotalSeconds / (work - first.Work);
        }
        else if (work < _last)
        {
            Restart();
        }

        _last = work;
        return _seconds;
    }
}
