using System.Diagnostics;
using System.Globalization;

namespace FreeMask.Training.Torch;

/// <summary>What a training took.</summary>
/// <param name="ImagesPerSecond">Images of all steps of this process by its seconds; NaN if it made none.</param>
/// <param name="PeakMemory">
/// Bytes: on the processor the largest working set of this process so far; on a GPU all that is in use of it at the end, when libtorch
/// still has what it needed at most. Null where it cannot be told.
/// </param>
internal readonly record struct TrainingCost(double ImagesPerSecond, long? PeakMemory)
{
    /// <summary>Measures it at the end of a training, while its tensors are there.</summary>
    /// <param name="device">Where it computed.</param>
    /// <param name="images">The images of all steps of this process.</param>
    /// <param name="seconds">Its seconds.</param>
    internal static TrainingCost Of(TrainingDevice device, long images, double seconds)
    {
        if (device.Gpu is { } gpu)
            return new(images / seconds, GpuMemory.Used(gpu.ToString(CultureInfo.InvariantCulture)));
        using var process = Process.GetCurrentProcess();
        return new(images / seconds, process.PeakWorkingSet64);
    }

    /// <summary>Such as <c>24.1 images/s, peak memory 812 MiB</c>.</summary>
    public override string ToString()
    {
        var speed = double.IsFinite(ImagesPerSecond)
            ? string.Create(CultureInfo.InvariantCulture, $"{ImagesPerSecond:0.0} images/s")
            : "no step was left";
        return PeakMemory is { } bytes ? $"{speed}, peak memory {bytes >> 20} MiB" : speed;
    }
}
