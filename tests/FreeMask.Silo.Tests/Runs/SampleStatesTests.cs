using FreeMask.GrainInterfaces;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>The compact states of samples, which filters read, agree with the records.</summary>
public sealed class SampleStatesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task States_of_a_round_equal_those_of_the_records_and_come_once()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var spec = TestSilo.SmallSpec;
        await silo.CompleteAsync("run", spec);

        var states = await silo.Run("run").GetSampleStates(0, []);
        var records = new List<SampleRecord>();
        for (int? from = 0; from is { } next;)
        {
            var page = await silo.Run("run").GetSamples(new SampleQuery { Round = 0, From = next, Limit = 1000 });
            records.AddRange(page.Samples);
            from = page.Next;
        }

        Assert.True(states.Length > 1);
        Assert.Equal(Enumerable.Range(0, states.Length), states.Select(s => s.Shard));
        Assert.Equal(records.Select(r => (byte)r.State), states.SelectMany(s => s.States));
        Assert.Equal(records.Select(r => (ushort)r.Attempt), states.SelectMany(s => s.Attempts));
        Assert.Equal(
            records.Select(r => r.State == SampleState.Quarantined || r.Score is null ? -1 : (int)Math.Round(r.Score.Value * 1e6)),
            states.SelectMany(s => s.Scores)
        );
        Assert.All(states, s => Assert.Empty(s.InWork));
        Assert.Empty(await silo.Run("run").GetSampleStates(0, [.. states.Select(s => s.Version)]));
        Assert.Single(await silo.Run("run").GetSampleStates(0, [null, .. states.Skip(1).Select(s => s.Version)]));
        Assert.Empty(await silo.Run("run").GetSampleStates(spec.Rounds, []));
        Assert.Empty(await silo.Run("other").GetSampleStates(0, []));
    }

    [Fact(Timeout = 600_000)]
    public async Task Samples_that_a_device_has_are_in_work()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var (reached, open) = (new TaskCompletionSource<int[]>(), new TaskCompletionSource());
        silo.Stages.Before = async (kind, inputs, _) =>
        {
            if (kind != Stage.Mask) return;
            reached.TrySetResult([.. inputs.Select(i => i.Index)]);
            await open.Task;
        };
        await silo.Run("run").Start(TestSilo.SmallSpec);
        var held = await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        var states = await silo.Run("run").GetSampleStates(0, []);
        var inWork = states.SelectMany(s => s.InWork).ToList();
        Assert.All(states, s => Assert.Equal(s.InWork.Length, s.InWorkDevices?.Length));
        Assert.All(states.SelectMany(s => s.InWorkDevices!), key => Assert.StartsWith("local@", key, StringComparison.Ordinal));
        open.SetResult();

        Assert.Subset(inWork.ToHashSet(), held.ToHashSet());
        Assert.Equal(inWork.Order(), inWork);
    }
}
