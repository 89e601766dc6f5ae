namespace FreeMask.Grains.Devices;

/// <summary>
/// Limits concurrent executions on a device. The next execution starts on a thread-pool thread as soon as one ends, without waiting for
/// the grain's scheduler, which stores results meanwhile.
/// </summary>
/// <param name="parallelism">Maximum number of concurrent executions.</param>
internal sealed class DeviceExecutionGate(int parallelism)
{
    private readonly SemaphoreSlim _free = new(parallelism, parallelism);

    /// <summary>Queues work.</summary>
    /// <param name="work">Runs when the gate admits it.</param>
    /// <param name="waiting">Cancels the waiting; work that has started continues.</param>
    public DeviceExecution<T> Enter<T>(Func<Task<T>> work, CancellationToken waiting)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return new DeviceExecution<T>(begun.Task, Task.Run(WaitAndWorkAsync, CancellationToken.None));

        async Task<T> WaitAndWorkAsync()
        {
            await _free.WaitAsync(waiting);
            begun.SetResult();
            try
            {
                return await work();
            }
            finally
            {
                _free.Release();
            }
        }
    }
}

/// <summary>A queued execution.</summary>
/// <param name="Begun">Completes when the work starts; never if the waiting is cancelled.</param>
/// <param name="Work">The result of the work; cancelled if the waiting is cancelled.</param>
internal sealed record DeviceExecution<T>(Task Begun, Task<T> Work);
