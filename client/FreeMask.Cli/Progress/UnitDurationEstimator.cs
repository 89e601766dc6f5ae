namespace FreeMask.Cli.Progress;

/// <summary>
/// How many seconds pass for one unit of work, from the first time that the work was seen to move to the last. What came before the first move, such as the loading of a model,
/// says nothing of what is to come.
/// </summary>
internal sealed class UnitDurationEstimator
{
    private double _last = double.NaN;
    private (DateTimeOffset At, double Work)? _first;
    private double? _seconds;

    /// <summary>Begins anew.</summary>
    internal void Restart() => (_last, _first, _seconds) = (double.NaN, null, null);

    /// <summary>Takes the work that is done now.</summary>
    /// <returns>Seconds for each unit; null before the work has moved twice.</returns>
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
