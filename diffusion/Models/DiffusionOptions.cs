using FreeMask.Onnx;

namespace FreeMask.Diffusion.Models;

/// <summary>How a bundle is loaded and run.</summary>
public sealed record DiffusionOptions
{
    /// <summary>Threads and execution provider of every session.</summary>
    public OnnxSessionOptions Session { get; init; } = new();

    /// <summary>
    /// Images a U-Net call holds. Smaller groups are filled up with repeats, so that every call has the same shape and an image's bytes
    /// cannot depend on what else happened to be in its batch. Default 1.
    /// </summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Whether latents stay in the device's memory between steps; null decides by whether the device has memory of its own. Both
    /// give the same images.</summary>
    internal bool? UseIoBinding { get; init; }
}
