using System.Globalization;
using FreeMask.GrainInterfaces;

namespace FreeMask.Client.Progress;

/// <summary>Formats progress, for terminal and log.</summary>
internal static class StatusFormatter
{
    internal static string State(RunState state) => state.ToString().ToLowerInvariant();

    internal static string Phase(RoundPhase phase) => phase switch
    {
        RoundPhase.Planning => "planning",
        RoundPhase.Producing => "making samples",
        RoundPhase.Scoring => "scoring samples",
        RoundPhase.Selecting => "selecting",
        RoundPhase.Training => "training the segmenter",
        RoundPhase.Evaluating => "measuring the segmenter",
        _ => "closed",
    };

    /// <summary>The states of the funnel in order with their counts; quarantined samples are counted apart.</summary>
    internal static IReadOnlyList<(string State, int Count)> Funnel(StateCounts counts) =>
        [
            .. StageTable
                .Default.States.Where(state => state != SampleState.Quarantined)
                .Select(state => (StageTable.Default.DisplayNameOf(state), counts[state])),
        ];

    internal static string Training(TrainingProgress training)
    {
        var steps = training.Steps > 0 ? $" step {training.Step}/{training.Steps}" : "";
        var loss = training.Loss is { } value ? string.Create(CultureInfo.InvariantCulture, $", loss {value:0.000}") : "";
        return $"{training.Job}{steps}{loss}";
    }

    internal static string Clock(TimeSpan span) => span < TimeSpan.Zero ? "00:00" :
        span.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(int)span.TotalHours}:{span.Minutes:00}:{span.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{span.Minutes:00}:{span.Seconds:00}");

    /// <summary>Formats a duration, rounded: an estimate with seconds would suggest more precision than it has.</summary>
    internal static string About(TimeSpan span) =>
        span.TotalSeconds < 10 ? "a few seconds"
        : span.TotalSeconds < 90 ? string.Create(CultureInfo.InvariantCulture, $"about {Math.Ceiling(span.TotalSeconds / 10) * 10:0} s")
        : span.TotalMinutes < 90 ? string.Create(CultureInfo.InvariantCulture, $"about {Math.Round(span.TotalMinutes):0} min")
        : string.Create(CultureInfo.InvariantCulture, $"about {span.TotalHours:0.0} h");

    /// <summary>The remaining time; null if the run is not running.</summary>
    internal static string? Left(TimeLeft left, RunStatus status) =>
        status.State != RunState.Running || status.Rounds.IsEmpty ? null
        : left.Run is { } run ? $"{About(run)} left"
        : left.Phase is { } phase ? $"{About(phase)} left in this step"
        : "time left not known yet";

    /// <summary>", mIoU over 3 classes 41 %"; empty where the round was not evaluated.</summary>
    internal static string MeanIoU(SegmenterQuality? quality) =>
        quality is null ? "" : $", mIoU over {quality.Classes.Length} classes {Share(quality.MeanIoU)}";

    internal static string Share(double? value) =>
        value is { } number && double.IsFinite(number) ? number.ToString("0.000", CultureInfo.InvariantCulture) : "–";

    internal static string Rate(double rate) => rate.ToString(rate < 10 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
