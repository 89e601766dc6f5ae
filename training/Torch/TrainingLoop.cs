using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FreeMask.Tensors;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Torch;

/// <summary>
/// The steps of a training that can be stopped and continued: a checkpoint holds the weights, both moments of the optimizer and the
/// number of the step, so that the same training goes on from it to the same weights.
/// </summary>
/// <param name="network">What is trained.</param>
/// <param name="optimizer">The optimizer of its parameters.</param>
/// <param name="store">Where checkpoints are kept; if it has one of this training, the training goes on from there.</param>
internal sealed class TrainingLoop(Module network, FlatAdamW optimizer, ITrainingCheckpointStore? store)
{
    /// <summary>What the names of the weights begin with in a checkpoint.</summary>
    internal const string Weights = "weights.";

    private const string StepKey = "step", TrainingKey = "training";

    /// <summary>Names the training: everything that its weights depend on. A checkpoint of another one is refused.</summary>
    internal required string Fingerprint { get; init; }

    /// <summary>What messages call that which is learned from, such as <c>images</c>.</summary>
    internal required string Inputs { get; init; }

    /// <summary>All steps.</summary>
    internal required int Steps { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    internal required int CheckpointEvery { get; init; }

    /// <summary>The learning rate of a step, from 0.</summary>
    internal required Func<int, double> Rate { get; init; }

    /// <summary>Makes a step, from 0, at a learning rate; gives its loss.</summary>
    internal required Func<int, double, double> Step { get; init; }

    /// <summary>Whether there is a checkpoint after so many steps besides those of <see cref="CheckpointEvery"/>.</summary>
    internal Func<int, bool> Keeps { get; init; } = _ => false;

    /// <summary>Called before each step with what was done.</summary>
    internal Action<TrainingState> Before { get; init; } = _ => { };

    /// <summary>The sha256 of lines of text.</summary>
    internal static string Hash(IEnumerable<string> lines) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));

    /// <summary>Makes the steps that are left.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="time">Measures the seconds.</param>
    /// <param name="cancellation">Stops between two steps, after a checkpoint.</param>
    /// <exception cref="FreeMaskException">The checkpoint is of another training.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal TrainingState Run(IProgress<TrainingProgress>? progress, TimeProvider? time, CancellationToken cancellation)
    {
        var clock = time ?? TimeProvider.System;
        var started = clock.GetTimestamp();
        var (done, loss) = (Resume(), double.NaN);
        while (done < Steps)
        {
            Before(State());
            if (cancellation.IsCancellationRequested)
            {
                store?.Save(done, Checkpoint(done));
                cancellation.ThrowIfCancellationRequested();
            }

            var rate = Rate(done);
            loss = Step(done, rate);
            done++;
            progress?.Report(new TrainingProgress(done, Steps, loss, rate, Seconds()));
            if ((done % CheckpointEvery == 0 || Keeps(done)) && done < Steps) store?.Save(done, Checkpoint(done));
        }

        return State();

        TrainingState State() => new(done, loss, Seconds());

        double Seconds() => clock.GetElapsedTime(started).TotalSeconds;
    }

    private SafetensorsFile Checkpoint(int step) => new(
        [.. ModuleState.View(network, Weights), .. optimizer.Export()],
        new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture), [TrainingKey] = Fingerprint });

    private int Resume()
    {
        const string Origin = "The training's checkpoint";
        if (store?.Load() is not { } file) return 0;
        if (file.Metadata.GetValueOrDefault(TrainingKey) != Fingerprint)
            throw new FreeMaskException($"{Origin} belongs to a training with other settings or {Inputs}; remove it to start anew.");
        ModuleState
            .Import(network, file, name => name.StartsWith(Weights, StringComparison.Ordinal) ? name[Weights.Length..] : null)
            .ThrowIfAny(Origin);
        optimizer.Import(file);
        return int.Parse(file.Metadata[StepKey], CultureInfo.InvariantCulture);
    }
}

/// <summary>What a training has done.</summary>
/// <param name="Steps">Steps done, those before the last checkpoint included.</param>
/// <param name="Loss">Loss of the last step; NaN if this process made none.</param>
/// <param name="Seconds">Seconds spent by this process.</param>
internal readonly record struct TrainingState(int Steps, double Loss, double Seconds);
