using System.Globalization;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>The order of samples.</summary>
public enum SampleOrder
{
    /// <summary>By index.</summary>
    Index,

    /// <summary>By score, best first; those without a score last.</summary>
    HighestScore,

    /// <summary>By score, worst first; those without a score last.</summary>
    LowestScore,

    /// <summary>By attempt, most first.</summary>
    MostAttempts,
}

/// <summary>Which samples of a round are shown, and in which order. Its text form is the query of a page's address.</summary>
public sealed record SampleView
{
    /// <summary>Only samples in this state; null for all.</summary>
    public SampleState? State { get; init; }

    /// <summary>Only samples of this class; null for all.</summary>
    public string? Class { get; init; }

    /// <summary>Only samples with at least this score, in [0, 1]; null for all.</summary>
    public double? MinScore { get; init; }

    /// <summary>Only samples with at most this score, in [0, 1]; null for all.</summary>
    public double? MaxScore { get; init; }

    /// <summary>Only samples in at least this attempt, from 1; 0 for all.</summary>
    public int MinAttempt { get; init; }

    /// <summary>Only samples with a number of objects in this range; null for all.</summary>
    public ObjectRange? Objects { get; init; }

    /// <summary>Only samples that a device has now.</summary>
    public bool InWork { get; init; }

    /// <summary>Only samples that this device has now, as <see cref="SampleStates.NameOfDevice"/> names it; null for all.</summary>
    public string? Device { get; init; }

    /// <summary>Only samples that were last rejected, faulted or quarantined for this reason; null for all.</summary>
    public string? Failure { get; init; }

    /// <summary>The order.</summary>
    public SampleOrder Sort { get; init; }

    /// <summary>Whether all samples are shown.</summary>
    public bool IsAll => this with { Sort = SampleOrder.Index } == new SampleView();

    /// <summary>Reads a query; values that make no sense are left out.</summary>
    /// <param name="value">The value of a name; null or empty if the query does not have it.</param>
    public static SampleView Parse(Func<string, string?> value) => new()
    {
        State = Enum.TryParse<SampleState>(value("state"), ignoreCase: true, out var state) && Enum.IsDefined(state) ? state : null,
        Class = Text(value("class")),
        MinScore = Score(value("minScore")),
        MaxScore = Score(value("maxScore")),
        MinAttempt = int.TryParse(value("minAttempt"), CultureInfo.InvariantCulture, out var attempt) ? Math.Clamp(attempt, 0, 1000) : 0,
        Objects = ObjectRange.Parse(value("objects")),
        InWork = value("inWork") == "true",
        Device = Text(value("device")),
        Failure = Text(value("failure")),
        Sort = Enum.TryParse<SampleOrder>(value("sort"), ignoreCase: true, out var sort) && Enum.IsDefined(sort) ? sort : default,
    };

    /// <summary>The names and values of the query, without those that have their default.</summary>
    public IReadOnlyDictionary<string, string> ToQuery()
    {
        var query = new Dictionary<string, string>(StringComparer.Ordinal);
        Add("state", State?.ToString().ToLowerInvariant());
        Add("class", Class);
        Add("minScore", MinScore?.ToString(CultureInfo.InvariantCulture));
        Add("maxScore", MaxScore?.ToString(CultureInfo.InvariantCulture));
        Add("minAttempt", MinAttempt > 0 ? MinAttempt.ToString(CultureInfo.InvariantCulture) : null);
        Add("objects", Objects?.ToString());
        Add("inWork", InWork ? "true" : null);
        Add("device", Device);
        Add("failure", Failure);
        Add("sort", Sort == SampleOrder.Index ? null : Sort.ToString());
        return query;

        void Add(string name, string? text)
        {
            if (!string.IsNullOrEmpty(text)) query[name] = text;
        }
    }

    /// <summary>The query as it stands in an address, with its question mark; empty if all samples are shown by index.</summary>
    public string ToQueryString() =>
        ToQuery() is { Count: > 0 } query
            ? "?" + string.Join('&', query.Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value)}"))
            : "";

    private static string? Text(string? value) => string.IsNullOrEmpty(value) || value.Length > 300 ? null : value;

    private static double? Score(string? value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var score) && score is >= 0 and <= 1 ? score : null;
}
