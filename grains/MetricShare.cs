using System.Diagnostics.Metrics;

namespace FreeMask.Grains;

/// <summary>The share of one grain in a metric that is the sum over all grains. Not thread-safe: it belongs to one grain.</summary>
internal sealed class MetricShare(UpDownCounter<long> metric)
{
    private long _value;
    private KeyValuePair<string, object?>? _tag;

    /// <summary>Sets the share. A grain that is deactivated sets 0.</summary>
    public void Set(long value)
    {
        if (value == _value) return;
        if (_tag is { } tag) metric.Add(value - _value, tag);
        else metric.Add(value - _value);
        _value = value;
    }

    /// <summary>Sets the share, and the tag under which it counts from now on.</summary>
    public void Set(long value, KeyValuePair<string, object?> tag)
    {
        if (!tag.Equals(_tag)) Set(0);
        _tag = tag;
        Set(value);
    }
}
