using FreeMask.GrainInterfaces;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>Hanging devices, and lost messages between devices and shards: the work is done by another device, once.</summary>
public sealed class DeviceFaultTests(ITestOutputHelper output) : IDisposable
{
    private static readonly Dictionary<string, string?> TwoDevices = new()
    {
        ["FreeMask:Devices:Names:0"] = "cpu:0",
        ["FreeMask:Devices:Names:1"] = "cpu:1",
        ["FreeMask:DeviceWorker:BatchTimeout"] = "00:00:01",
        ["FreeMask:DeviceWorker:FirstBatchTimeout"] = "00:00:01",
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task A_device_that_hangs_is_given_up_and_its_late_results_change_nothing()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken, settings: TwoDevices);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        var (hangs, back, works) = (Signal(), Signal(), Signal());
        IReadOnlyList<int> hanging = [];
        silo.Stages.OnDevice = async (device, kind, inputs, _) =>
        {
            if (device != "cpu:1") return;
            if (inputs[0].Run == "after") works.TrySetResult();
            if (inputs[0].Run != "run" || kind != Stage.Mask || hangs.Task.IsCompleted) return;
            hanging = [.. inputs.Select(i => i.Index)];
            hangs.TrySetResult();
            // A native call, which cannot be cancelled.
            await back.Task;
        };
        await silo.Run("run").Start(TestSilo.SmallSpec);
        await hangs.Task.WaitAsync(TestContext.Current.CancellationToken);
        var began = TimeProvider.System.GetTimestamp();
        await silo.RestingAsync("run");
        output.WriteLine(
            $"samples {string.Join(", ", hanging)} hung; the run was complete "
                + $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s later"
        );
        Assert.Equal(straight.ManifestHash, (await silo.Run("run").GetStatus()).ManifestHash);
        var before = await silo.SamplesAsync("run", 0);

        // It returns with stale results, and takes work again.
        back.SetResult();
        var after = await silo.CompleteAsync("after", TestSilo.SmallSpec);
        Assert.Equal(straight.ManifestHash, after.ManifestHash);
        await works.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            before.Select(s => (s.State, s.Attempt, s.Operation)),
            (await silo.SamplesAsync("run", 0)).Select(s => (s.State, s.Attempt, s.Operation))
        );
    }

    [Theory(Timeout = 600_000)]
    [InlineData(nameof(ISampleShardGrain.Report))]
    [InlineData(nameof(IDeviceWorkerGrain.Enqueue))]
    public async Task Samples_of_a_lost_message_are_assigned_again_when_the_lease_ends(string method)
    {
        var loss = new Loss(method);
        await using var silo = await TestSilo.StartAsync(
            _folder.Path,
            TestContext.Current.CancellationToken,
            services: s => s.AddSingleton<IIncomingGrainCallFilter>(loss)
        );
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);

        loss.Next = 3;
        var began = TimeProvider.System.GetTimestamp();
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        output.WriteLine(
            $"{method} was lost {loss.Lost} times; the run took {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s"
        );
        Assert.Equal(3, loss.Lost);
        Assert.Equal(straight.ManifestHash, status.ManifestHash);
        Assert.All(silo.Stages.Executions, e => Assert.Equal(1, e.Value));
    }

    [Fact(Timeout = 600_000)]
    public async Task Work_that_a_device_has_already_is_not_done_twice()
    {
        var filter = new Repetition();
        await using var silo = await TestSilo.StartAsync(
            _folder.Path,
            TestContext.Current.CancellationToken,
            services: s => s.AddSingleton<IIncomingGrainCallFilter>(filter)
        );
        await silo.CompleteAsync("run", TestSilo.SmallSpec);
        Assert.True(filter.Repeated > 0);
        Assert.All(silo.Stages.Executions, e => Assert.Equal(1, e.Value));
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Loses the next messages of a kind: they are answered, and not handled.</summary>
    private sealed class Loss(string method) : IIncomingGrainCallFilter
    {
        private int _next, _lost;

        public int Next
        {
            set => _next = value;
        }

        public int Lost => _lost;

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.MethodName != method || Interlocked.Decrement(ref _next) < 0) return context.Invoke();
            Interlocked.Increment(ref _lost);
            // The sender of a request gets the answer that everything was queued.
            if (context.Request.GetArgumentCount() == 1 && context.Request.GetArgument(0) is BatchRequest order)
                context.Result = order.Items.Length;
            return Task.CompletedTask;
        }
    }

    /// <summary>Hands every request for work to the device twice, as two activations of a shard would.</summary>
    private sealed class Repetition : IIncomingGrainCallFilter
    {
        private int _repeated;

        public int Repeated => _repeated;

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            await context.Invoke();
            if (context.Grain is not IDeviceWorkerGrain worker || context.MethodName != nameof(IDeviceWorkerGrain.Enqueue)) return;
            await worker.Enqueue((BatchRequest)context.Request.GetArgument(0)!);
            Interlocked.Increment(ref _repeated);
        }
    }
}
