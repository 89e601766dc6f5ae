using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using FreeMask.Grains;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Operations;

public sealed class TelemetryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task A_run_is_seen_in_the_metrics_and_no_tag_names_it_or_a_sample()
    {
        var (totals, tags) = (new ConcurrentDictionary<string, double>(), new ConcurrentDictionary<string, int>());
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == Telemetry.Name) self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) => Note(instrument, value, labels));
        listener.SetMeasurementEventCallback<double>((instrument, value, labels, _) => Note(instrument, value, labels));
        listener.Start();

        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var status = await silo.CompleteAsync("telemetry", TestSilo.SmallSpec);

        // Other tests may run meanwhile: at least what this run has done is there.
        var scored = status.Rounds.Sum(r => r.Counts.Scored);
        Assert.InRange(totals["freemask.stage.items|stage=Score|result=Done"], scored, double.MaxValue);
        Assert.InRange(totals["freemask.retries|reason=Rejected"], status.Rounds.Sum(r => r.Counts.Rejected), double.MaxValue);
        Assert.Contains(totals.Keys, k => k.StartsWith("freemask.batch.fill|", StringComparison.Ordinal));
        Assert.Contains(totals.Keys, k => k.StartsWith("freemask.device.busy|device=cpu|kind=cpu", StringComparison.Ordinal));
        Assert.Contains("freemask.samples.pending|kind=cpu", totals.Keys);
        Assert.All(tags.Keys, tag => Assert.DoesNotContain("telemetry", tag, StringComparison.Ordinal));
        Assert.InRange(tags.Count, 1, 40);

        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            var key = instrument.Name;
            foreach (var (name, label) in labels)
            {
                key += $"|{name}={label}";
                tags[$"{name}={label}"] = 1;
            }

            totals.AddOrUpdate(key, value, (_, sum) => sum + value);
        }
    }
}
