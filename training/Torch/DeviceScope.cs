using static TorchSharp.torch;

namespace FreeMask.Training.Torch;

/// <summary>
/// Where layers that are made on this thread have their tensors, as PyTorch's <c>with torch.device(...)</c>. Layers keep references to
/// their tensors, so that a module that was made on one device cannot be moved to another.
/// </summary>
internal sealed class DeviceScope : IDisposable
{
    [ThreadStatic]
    private static Device? _current;

    private readonly Device? _before;

    /// <summary>Makes tensors on a device until it is disposed.</summary>
    internal DeviceScope(Device device) => (_before, _current) = (_current, device);

    /// <summary>The device; null for the processor.</summary>
    internal static Device? Current => _current;

    /// <inheritdoc />
    public void Dispose() => _current = _before;
}
