using System.Globalization;
using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Onnx;

/// <summary>Turns <see cref="OnnxSessionOptions"/> into ONNX Runtime's.</summary>
internal static class OnnxProviders
{
    private const string CudaBuild = "Build with -p:Accelerator=cuda.";

    private const string CudaLibraries =
        "libcuda comes with NVIDIA's driver, libcudart, libcublas, libcufft and libcurand with CUDA, libcudnn with cuDNN; their folders "
        + "must be in the loader's path (LD_LIBRARY_PATH).";

    private static readonly Dictionary<string, Provider> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cuda"] = new("CUDAExecutionProvider", "gpu_mem_limit", CudaBuild)
        {
            Library = "libonnxruntime_providers_cuda.so",
            Libraries = CudaLibraries,
        },
        ["tensorrt"] = new("TensorrtExecutionProvider", "trt_max_workspace_size", CudaBuild)
        {
            Library = "libonnxruntime_providers_tensorrt.so",
            Libraries = $"libnvinfer and libnvonnxparser come with TensorRT. {CudaLibraries}",
        },
        ["directml"] = new(
            "DmlExecutionProvider",
            null,
            "Reference Microsoft.ML.OnnxRuntime.DirectML in place of Microsoft.ML.OnnxRuntime (onnx/FreeMask.Onnx.csproj), on Windows."
        )
        {
            Name = "DML",
        },
        ["coreml"] = new("CoreMLExecutionProvider", null, "It is in the standard build for macOS.") { Name = "CoreML" },
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
        if (available.Contains(name.Available))
        {
            if (MissingLibraries(provider) is { Count: > 0 } missing)
                throw new FreeMaskException(
                    $"The execution provider {provider} needs {string.Join(", ", missing)}, which this machine does not have or does not "
                        + $"find. {name.Libraries}"
                );
            return;
        }

        throw new FreeMaskException(
            $"The execution provider {provider} is not in this build of ONNX Runtime (it has {string.Join(", ", available)}). {name.Remedy}"
        );
    }

    /// <summary>The native libraries that a provider of this build asks for and that cannot be loaded, by file name.</summary>
    /// <param name="provider">cuda or tensorrt; others have none.</param>
    internal static IReadOnlyList<string> MissingLibraries(string provider)
    {
        if (!OperatingSystem.IsLinux() || Names.GetValueOrDefault(provider)?.Library is not { } library) return [];
        if (NativeDependencies.Find(library) is not { } path) return [library];
        return [.. NativeDependencies.Of(path).Where(name => !NativeDependencies.CanLoad(name))];
    }

    /// <summary>The providers of this build other than the processor's, by the names that devices have.</summary>
    internal static IReadOnlyList<string> Accelerators()
    {
        var available = OnnxRuntimeLibrary.Environment.GetAvailableProviders();
        return [.. Names.Where(name => available.Contains(name.Value.Available)).Select(name => name.Key)];
    }

    /// <summary>What the provider is told: what the user says, and the arena's limit in the words of the provider.</summary>
    internal static Dictionary<string, string> OptionsOf(OnnxSessionOptions options)
    {
        var result = new Dictionary<string, string>(options.ProviderOptions);
        if (options.ArenaMegabytes == 0 || Names.GetValueOrDefault(options.Provider)?.Limit is not { } limit) return result;
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
            Append(result, options.Provider, OptionsOf(options));
        }
        catch (OnnxRuntimeException e)
        {
            throw new FreeMaskException($"The execution provider {options.Provider} does not start: {e.Message.Split('\n')[0]}", e);
        }
    }

    // CUDA and TensorRT have functions of their own; the general one does not know them.
    private static void Append(SessionOptions result, string provider, Dictionary<string, string> values)
    {
        if (string.Equals(provider, "cuda", StringComparison.OrdinalIgnoreCase))
        {
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(values);
            result.AppendExecutionProvider_CUDA(cuda);
        }
        else if (string.Equals(provider, "tensorrt", StringComparison.OrdinalIgnoreCase))
        {
            using var tensorRt = new OrtTensorRTProviderOptions();
            tensorRt.UpdateOptions(values);
            result.AppendExecutionProvider_Tensorrt(tensorRt);
        }
        else
        {
            result.AppendExecutionProvider(Names[provider].Name, values);
        }
    }

    /// <summary>A provider other than the processor's.</summary>
    /// <param name="Available">ONNX Runtime's name of it.</param>
    /// <param name="Limit">Its option for the arena's limit; null if it has none.</param>
    /// <param name="Remedy">How to get a build that has it.</param>
    private sealed record Provider(string Available, string? Limit, string Remedy)
    {
        /// <summary>Its name in the general function.</summary>
        public string Name { get; init; } = "";

        /// <summary>The file of the provider on Linux, where it has one of its own.</summary>
        public string? Library { get; init; }

        /// <summary>Where the libraries come from that it needs.</summary>
        public string? Libraries { get; init; }
    }
}
