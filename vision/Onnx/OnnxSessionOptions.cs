namespace FreeMask.Vision.Onnx;

/// <summary>How ONNX Runtime runs a model.</summary>
public sealed record OnnxSessionOptions
{
    /// <summary>Threads inside one operator; 0 lets ONNX Runtime take one a physical core. Default 0.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// The execution provider by ONNX Runtime's name without its suffix: <c>cpu</c> (default), <c>cuda</c>, <c>tensorrt</c>, <c>directml</c>,
    /// <c>coreml</c> or another that the native library knows. What a provider cannot run falls back to the CPU.
    /// </summary>
    public string Provider { get; init; } = "cpu";

    /// <summary>Options of the provider, such as <c>device_id</c> or <c>gpu_mem_limit</c>, passed on as they are.</summary>
    public IReadOnlyDictionary<string, string> ProviderOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether idle worker threads spin. Default false: spinning saves about a tenth of the time and burns a core for it.</summary>
    public bool Spinning { get; init; }
}
