using FreeMask.Tensors;
using FreeMask.Training.Torch;

namespace FreeMask.Training.Tests.Torch;

/// <summary>Keeps the last checkpoint in memory, as bytes.</summary>
internal sealed class MemoryCheckpoints : ITrainingCheckpointStore
{
    private byte[]? _last;

    internal int Step { get; private set; }

    public long Capacity { get; init; } = long.MaxValue;

    public SafetensorsFile? Load() => _last is null ? null : SafetensorsFile.Parse(_last, "checkpoint");

    public void Save(int step, SafetensorsFile checkpoint) => (Step, _last) = (step, checkpoint.ToBytes());
}

/// <summary>Calls at once, unlike <see cref="Progress{T}"/>.</summary>
internal sealed class ProgressCallback(Action<TrainingProgress> action) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => action(value);

    /// <summary>Cancels after a step.</summary>
    internal static ProgressCallback StopAfter(int step, CancellationTokenSource stop) =>
        new(progress =>
        {
            if (progress.Step == step) stop.Cancel();
        });
}
