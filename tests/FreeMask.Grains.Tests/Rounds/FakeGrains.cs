using System.Reflection;
using FreeMask.GrainInterfaces;

namespace FreeMask.Grains.Tests.Rounds;

/// <summary>A grain factory of grains that a test made.</summary>
#pragma warning disable CA1852 // Derived at runtime.
internal class FakeGrains : DispatchProxy
#pragma warning restore CA1852
{
    private readonly Dictionary<(Type Interface, string Key), object> _grains = [];

    public static (IGrainFactory Factory, FakeGrains Grains) Create()
    {
        var factory = Create<IGrainFactory, FakeGrains>();
        return (factory, (FakeGrains)(object)factory);
    }

    public void Add<T>(string key, T grain) where T : notnull => _grains.Add((typeof(T), key), grain);

    protected override object? Invoke(MethodInfo? method, object?[]? arguments) =>
        _grains[(method!.GetGenericArguments()[0], (string)arguments![0]!)];
}

/// <summary>A device worker whose answers a test sets.</summary>
internal sealed class FakeWorker : IDeviceWorkerGrain
{
    public List<BatchRequest> Requests { get; } = [];

    public Func<BatchRequest, BatchReceipt> Answer { get; set; } = request => new BatchReceipt(request.Items.Length, request.Items.Length);

    public int[] Leased { get; set; } = [];

    public int[] Queued { get; set; } = [];

    public bool IsUnreachable { get; set; }

    public Task<BatchReceipt> Enqueue(BatchRequest order)
    {
        Requests.Add(order);
        return IsUnreachable ? Task.FromException<BatchReceipt>(new TimeoutException()) : Task.FromResult(Answer(order));
    }

    public Task<int[]> CancelQueued(string shard) => Reached(Queued);

    public Task<int[]> GetLeasedSamples(string shard) => Reached(Leased);

    public Task Drain() => Task.CompletedTask;

    private Task<int[]> Reached(int[] indices) =>
        IsUnreachable ? Task.FromException<int[]>(new TimeoutException()) : Task.FromResult(indices);
}

/// <summary>A sample that has a record and does nothing.</summary>
internal sealed class FakeSample(SampleRecord? record) : ISampleGrain
{
    public Task<SampleRecord?> Get() => Task.FromResult(record);

    public Task<SampleRecord?> Reload() => Get();

    public Task<SampleRecord> Complete(StageCompletion completion) => throw new NotSupportedException();

    public Task<SampleRecord> TakeDrawing(SamplePlan plan, SampleRecord drawing) => throw new NotSupportedException();

    public Task<SampleRecord?> Decide(bool kept) => throw new NotSupportedException();

    public Task Remove() => throw new NotSupportedException();

    public Task<SampleRecord> Retry() => throw new NotSupportedException();
}
