using FreeMask.Diffusion.Schedulers;
using FreeMask.Onnx;

namespace FreeMask.Diffusion.Models;

/// <summary>Sessions of <see cref="SchedulerStepGraph"/> on the device of a U-Net, made when first needed.</summary>
/// <param name="unet">The U-Net, whose element types they join.</param>
/// <param name="options">How the U-Net runs.</param>
internal sealed class SchedulerStepSessions(UNetSessions unet, OnnxSessionOptions options) : IDisposable
{
    private readonly Dictionary<(bool Guided, bool Rescaled), OnnxSession> _sessions = [];
    private readonly Lock _lock = new();

    internal OnnxSession For(bool guided, bool rescaled)
    {
        lock (_lock)
        {
            if (_sessions.TryGetValue((guided, rescaled), out var known)) return known;
            var model = SchedulerStepGraph.Write(unet.LatentType, unet.PredictionType, Arithmetic, guided, rescaled);
            return _sessions[(guided, rescaled)] = OnnxSession.FromBytes(model, "FreeMask's model of a sampling step", Options);
        }
    }

    public void Dispose()
    {
        foreach (var session in _sessions.Values) session.Dispose();
        _sessions.Clear();
    }

    /// <summary>DirectML has no double precision: there, sums would leave the device.</summary>
    private int Arithmetic => Is("directml") ? OnnxGraphBuilder.Float : OnnxGraphBuilder.Double;

    /// <summary>TensorRT has no double precision either, but its device is CUDA's.</summary>
    private OnnxSessionOptions Options => Is("tensorrt")
        ? options with { Provider = "cuda", ProviderOptions = options.ProviderOptions.Where(o => o.Key == "device_id").ToDictionary() }
        : options;

    private bool Is(string provider) => string.Equals(options.Provider, provider, StringComparison.OrdinalIgnoreCase);
}
