namespace FreeMask.Grains.Devices;

/// <summary>
/// The turns of a device. Whoever is next in line begins the moment that one before ends, on a thread of the pool: the device does not wait for
/// the grain, which keeps results meanwhile.
/// </summary>
/// <param name="parallelism">How many may have their turn at the same time.</param>
internal sealed class DeviceExecutionGate(int parallelism)
{
    private readonly SemaphoreSlim _free = new(parallelism, parallelism);

    /// <summary>Takes a place in line.</summary>
    /// <param name="work">What to do when the turn has come.</param>
    /// <param name="waiting">Gives the place up; work that has begun goes on.</param>
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

/// <summary>A turn of a device.</summary>
/// <param name="Begun">Ends when the turn comes; never, where the place was given up.</param>
/// <param name="Work">The work; cancelled where the place was given up.</param>
internal sealed record DeviceExecution<T>(Task Begun, Task<T> Work);
