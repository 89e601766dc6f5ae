using FreeMask.Diffusion.Conformance;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former.Conformance;

/// <summary>Compares a Mask2Former with what its reference implementation computed from the same weights, quantity by quantity.</summary>
internal static class SegmenterConformance
{
    /// <summary>Measures a model folder.</summary>
    /// <param name="folder">The model: <c>config.json</c> and weights.</param>
    /// <param name="goldenFolder">A folder with <c>golden.json</c> and <c>golden.safetensors</c>.</param>
    /// <param name="cancellation">Stops between parts.</param>
    /// <exception cref="FreeMaskException">The model or the data cannot be read.</exception>
    public static ConformanceReport Measure(string folder, string goldenFolder, CancellationToken cancellation = default) =>
        Measure(folder, SegmenterGolden.Load(goldenFolder), cancellation);

    internal static ConformanceReport Measure(string folder, SegmenterGolden golden, CancellationToken cancellation)
    {
        var rows = new ConformanceRows();
        Action[] parts =
        [
            () => new ForwardComparison(golden, folder, rows).Compare(),
            () => new OnnxComparison(golden, folder, rows).Compare(),
            () => new TrainingComparison(golden, folder, "train", rows).Compare(),
            () => new TrainingComparison(golden, folder, "train_frozen_norm", rows).Compare(),
        ];
        foreach (var part in parts)
        {
            cancellation.ThrowIfCancellationRequested();

            // Golden data of a model of another shape: nothing else could be compared.
            if (rows.Rows.Any(row => row.Quantity == ForwardComparison.State && !row.Passed)) break;
            using var scope = NewDisposeScope();
            try
            {
                part();
            }
            catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new FreeMaskException($"The golden data lack a field of golden.json, or have one of another type: {e.Message}", e);
            }
        }

        return new(folder, rows.Rows);
    }
}
