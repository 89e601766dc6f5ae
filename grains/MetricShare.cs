using System.Diagnostics.Metrics;

namespace FreeMask.Grains;

/// <summary>The share of one grain in a metric that is the sum over all grains. Not thread-safe: it belongs to one grain.</summary>
internal sealed class MetricShare(UpDownCounter<long> metric)
{
    private long _value;

    /// <summary>Sets the share. A grain that is deactivated sets 0.</summary>
    public void Set(long value)
    {
        if (value != _value) metric.Add(value - _value);
        _value = value;
    }
}
