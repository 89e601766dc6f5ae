using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Pipeline;
using Microsoft.Extensions.DependencyInjection;

namespace FreeMask.Dashboard.Tests.Browser;

/// <summary>
/// Lets masks of two samples of a run pass and holds the others until the barrier is opened, so that the run can be paused in the middle
/// of a round on a machine of any speed.
/// </summary>
/// <param name="run">The run's id.</param>
internal sealed class PauseBarrier(string run)
{
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _samples;

    /// <summary>Lets all batches pass.</summary>
    public void Open() => _opened.TrySetResult();

    /// <summary>The stage runners of the pipeline, behind the barrier.</summary>
    public IStageRunnerFactory Around(IServiceProvider services) =>
        new Factory(this, ActivatorUtilities.CreateInstance<DeviceStageRunnerFactory>(services));

    private bool Holds(IReadOnlyList<StageInput> inputs) =>
        inputs[0].Run == run && Interlocked.Add(ref _samples, inputs.Count) - inputs.Count >= 2;

    private sealed class Factory(PauseBarrier barrier, IStageRunnerFactory inner) : IStageRunnerFactory
    {
        public IStageRunner Create(string device) => new Runner(barrier, inner.Create(device));
    }

    private sealed class Runner(PauseBarrier barrier, IStageRunner inner) : IStageRunner
    {
        public async Task<IReadOnlyList<StageOutcome>> RunAsync(
            Stage stage,
            RunSpec spec,
            IReadOnlyList<StageInput> inputs,
            CancellationToken cancellationToken
        )
        {
            if (stage == Stage.Mask && barrier.Holds(inputs)) await barrier._opened.Task.WaitAsync(cancellationToken);
            return await inner.RunAsync(stage, spec, inputs, cancellationToken);
        }
    }
}
