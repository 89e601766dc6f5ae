namespace FreeMask.Onnx;

/// <summary>How ONNX Runtime runs a model.</summary>
public sealed record OnnxSessionOptions
{
    /// <summary>Threads inside one operator; 0 lets ONNX Runtime take one a physical core. Default 0.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// The execution provider by ONNX Runtime's name without its suffix: <c>cpu</c> (default), <c>cuda</c>, <c>tensorrt</c>,
    /// <c>directml</c>,
    /// <c>coreml</c> or another that the native library knows. What a provider cannot run falls back to the CPU.
    /// </summary>
    public string Provider { get; init; } = "cpu";

    /// <summary>Options of the provider, such as <c>device_id</c> or <c>gpu_mem_limit</c>, passed on as they are.</summary>
    public IReadOnlyDictionary<string, string> ProviderOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Most megabytes (2^20 bytes) of device memory that one session's arena takes, for the providers that have one (<c>cuda</c>,
    /// <c>tensorrt</c>); 0 for no limit. An arena that meets it fails as out of memory, and the batch is split.
    /// </summary>
    public int ArenaMegabytes { get; init; }

    /// <summary>
    /// A folder that keeps optimized graphs, so that a model is optimized once a machine and not once a process; null for none. Its files
    /// depend on the processor and on ONNX Runtime's version, and may be deleted at any time.
    /// </summary>
    public string? OptimizedGraphs { get; init; }

    /// <summary>Whether idle worker threads spin. Default false: spinning saves about a tenth of the time and burns a core for
    /// it.</summary>
    public bool Spinning { get; init; }
}
