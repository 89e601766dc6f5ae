using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Onnx;

/// <summary>Turns <see cref="OnnxSessionOptions"/> into ONNX Runtime's.</summary>
internal static class OnnxProviders
{
    private static readonly Dictionary<string, (string Available, string Append, string? Limit, string Remedy)> Names = new(
        StringComparer.OrdinalIgnoreCase
    )
    {
        ["cuda"] = ("CUDAExecutionProvider", "CUDA", "gpu_mem_limit", "Build with -p:Accelerator=cuda."),
        ["tensorrt"] = (
            "TensorrtExecutionProvider",
            "TensorRT",
            "trt_max_workspace_size",
            "Build with -p:Accelerator=cuda, and install TensorRT."
        ),
        ["directml"] = (
            "DmlExecutionProvider",
            "DML",
            null,
            "Reference Microsoft.ML.OnnxRuntime.DirectML in place of Microsoft.ML.OnnxRuntime (vision/FreeMask.Vision.csproj), on Windows."
        ),
        ["coreml"] = ("CoreMLExecutionProvider", "CoreML", null, "It is in the standard build for macOS."),
    };

    internal static SessionOptions MakeOptions(OnnxSessionOptions options)
    {
        _ = OnnxRuntimeLibrary.Environment;
        var result = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, IntraOpNumThreads = options.Threads };
        try
        {
            result.AddSessionConfigEntry("session.intra_op.allow_spinning", options.Spinning ? "1" : "0");
            if (!string.Equals(options.Provider, "cpu", StringComparison.OrdinalIgnoreCase)) Append(result, options);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Checks that a provider is known and in this build.</summary>
    /// <param name="provider">Its name, as <see cref="OnnxSessionOptions.Provider"/>.</param>
    /// <exception cref="FreeMaskException">It is not; the message says how to get it.</exception>
    public static void Require(string provider)
    {
        if (string.Equals(provider, "cpu", StringComparison.OrdinalIgnoreCase)) return;
        if (!Names.TryGetValue(provider, out var name))
            throw new FreeMaskException(
                $"There is no execution provider named {provider}; known are cpu, {string.Join(", ", Names.Keys)}."
            );
        var available = OnnxRuntimeLibrary.Environment.GetAvailableProviders();
        if (available.Contains(name.Available)) return;
        throw new FreeMaskException(
            $"The execution provider {provider} is not in this build of ONNX Runtime (it has {string.Join(", ", available)}). {name.Remedy}"
        );
    }

    /// <summary>What the provider is told: what the user says, and the arena's limit in the words of the provider.</summary>
    internal static Dictionary<string, string> OptionsOf(OnnxSessionOptions options)
    {
        var result = new Dictionary<string, string>(options.ProviderOptions);
        if (options.ArenaMegabytes == 0 || Names.GetValueOrDefault(options.Provider).Limit is not { } limit) return result;
        result.TryAdd(limit, ((long)options.ArenaMegabytes << 20).ToString(CultureInfo.InvariantCulture));
        return result;
    }

    /// <summary>
    /// The memory in which a provider's devices compute, by ONNX Runtime's name of its allocator; null for providers that compute in the
    /// process's own memory.
    /// </summary>
    internal static string? DeviceMemory(OnnxSessionOptions options) => options.Provider.ToLowerInvariant() switch
    {
        "cuda" or "tensorrt" => "Cuda",
        "directml" => "DML",
        _ => null,
    };

    /// <summary>The number of the device, 0 where nothing is said.</summary>
    internal static int DeviceId(OnnxSessionOptions options) =>
        int.TryParse(options.ProviderOptions.GetValueOrDefault("device_id"), CultureInfo.InvariantCulture, out var id) ? id : 0;

    private static void Append(SessionOptions result, OnnxSessionOptions options)
    {
        Require(options.Provider);
        try
        {
            result.AppendExecutionProvider(Names[options.Provider].Append, OptionsOf(options));
        }
        catch (OnnxRuntimeException e)
        {
            throw new FreeMaskException($"The execution provider {options.Provider} does not start: {e.Message.Split('\n')[0]}", e);
        }
    }
}
