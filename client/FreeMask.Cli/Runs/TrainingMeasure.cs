using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;
using FreeMask.Pipeline;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;

namespace FreeMask.Cli.Runs;

/// <summary>Measures how long a step of training takes, with the run's segmenter on images without content.</summary>
internal static class TrainingMeasure
{
    // The first step also allocates memory.
    private const int FirstSteps = 1, AllSteps = 3;

    // Where an image takes longer, a batch would take minutes; large models take as long for each image of it.
    private const double MostSeconds = 1;

    /// <summary>The seconds of an optimizer step on this machine.</summary>
    /// <param name="spec">A valid run.</param>
    /// <param name="bundle">The folder of its bundle; null where it is not on this machine.</param>
    /// <param name="device">The device for training; null for the processor.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Cancels between steps.</param>
    /// <returns>Null where this machine does not train, or another program does.</returns>
    /// <exception cref="FreeMaskException">The starting weights cannot be used.</exception>
    internal static double? SecondsOfStep(RunSpec spec, string? bundle, string? device, TimeProvider time, CancellationToken stop)
    {
        if (spec.Trainer.IsExternal || LibTorch.Problem is not null) return null;
        var part = SegmenterRecipe.PartOf(spec.Training);
        if (part is not null && bundle is null) return null;
        var start = part is null ? spec.Training.InitFolder : Path.Combine(bundle!, part);
        // One step more than is made: a training that ends writes a model.
        var request = SegmenterRecipe.For(spec, spec.LabelSet().Names, seed: 1, AllSteps + 1, start) with
        {
            Device = device is null ? TrainingDevice.Processor : TrainingDevice.Parse(device),
        };
        var one = Measure(request with { BatchSize = 1 }, time, stop);
        return one > MostSeconds ? one * request.BatchSize : Measure(request, time, stop);
    }

    private static double Measure(SegmenterTrainingRequest request, TimeProvider time, CancellationToken stop)
    {
        using var measured = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var steps = new Steps(measured);
        var image = Example(request.Size);
        try
        {
            SegmenterTrainer.Train(
                request,
                new InMemorySamples([.. Enumerable.Repeat(image, request.BatchSize)]),
                store: null,
                steps,
                measured.Token,
                time
            );
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // It has made the steps that were wanted.
        }

        return steps.Seconds;
    }

    /// <summary>A black image with one object in its middle.</summary>
    private static LabeledImage Example(int side)
    {
        var labels = new LabelMap(side, side);
        for (var y = side / 4; y < 3 * side / 4; y++)
            for (var x = side / 4; x < 3 * side / 4; x++)
                labels.Labels[(y * side) + x] = 1;
        return new LabeledImage("example", new RgbImage(side, side), labels);
    }

    /// <summary>Ends a training after some steps.</summary>
    private sealed class Steps(CancellationTokenSource training) : IProgress<Training.Torch.TrainingProgress>
    {
        private double _first;

        /// <summary>The mean seconds of a step after the first ones.</summary>
        internal double Seconds { get; private set; }

        public void Report(Training.Torch.TrainingProgress value)
        {
            if (value.Step == FirstSteps) _first = value.Seconds;
            if (value.Step < AllSteps) return;
            Seconds = (value.Seconds - _first) / (AllSteps - FirstSteps);
            training.Cancel();
        }
    }
}
