using System.Globalization;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Services;

/// <summary>What a run waits for.</summary>
internal static class Bottleneck
{
    /// <summary>One sentence; null if nothing is known yet.</summary>
    /// <param name="run">The run.</param>
    /// <param name="devices">Devices that take work; null if that is not known.</param>
    internal static string? Of(RunView run, int? devices)
    {
        if (run.Interrupted) return "No process works on this run; resume goes on with it.";
        switch (run.Status.State)
        {
            case RunState.Paused: return "Paused: nothing new starts.";
            case RunState.Running: break;
            default: return null;
        }

        if (run.Status.Notes.FirstOrDefault(n => n.StartsWith("waiting", StringComparison.OrdinalIgnoreCase)) is { } note) return note;
        if (run.Round is not { } round) return null;
        if (round.Training is { } training)
            return training.Steps > 0
                ? string.Create(CultureInfo.InvariantCulture, $"Training {training.Job}: step {training.Step} of {training.Steps}.")
                : $"{training.Job} is at work.";
        var busy = run.Rates.Busy.Values.Sum();
        if (busy <= 0) return null;
        var (stage, most) = run.Rates.Busy.MaxBy(b => b.Value);
        var kind = run.Status.Environment?.DeviceKind ?? "any";
        var share = most / busy;
        var load = devices is > 0 and var count
            ? string.Create(CultureInfo.InvariantCulture, $", busy {Math.Min(1, busy / count):0 %}")
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Waiting for device {kind}{load}: {stage} takes {share:0 %} of its time."
        ).Replace(" %", " %", StringComparison.Ordinal);
    }
}
