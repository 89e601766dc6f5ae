using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Vision.Onnx;

/// <summary>Turns <see cref="OnnxSessionOptions"/> into ONNX Runtime's.</summary>
internal static class OnnxProviders
{
    private static readonly Dictionary<string, (string Available, string Append)> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cuda"] = ("CUDAExecutionProvider", "CUDA"),
        ["tensorrt"] = ("TensorrtExecutionProvider", "TensorRT"),
        ["directml"] = ("DmlExecutionProvider", "DML"),
        ["coreml"] = ("CoreMLExecutionProvider", "CoreML"),
    };

    internal static SessionOptions MakeOptions(OnnxSessionOptions options)
    {
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

    private static void Append(SessionOptions result, OnnxSessionOptions options)
    {
        var available = OrtEnv.Instance().GetAvailableProviders();
        if (!Names.TryGetValue(options.Provider, out var name))
            throw new FreeMaskException($"There is no execution provider named {options.Provider}; known are cpu, {string.Join(", ", Names.Keys)}.");
        if (!available.Contains(name.Available))
        {
            throw new FreeMaskException(
                $"The execution provider {options.Provider} is not in this build of ONNX Runtime (it has {string.Join(", ", available)}). "
                + "Build with -p:Accelerator=cuda for CUDA and TensorRT.");
        }

        try
        {
            result.AppendExecutionProvider(name.Append, new Dictionary<string, string>(options.ProviderOptions));
        }
        catch (OnnxRuntimeException e)
        {
            throw new FreeMaskException($"The execution provider {options.Provider} does not start: {e.Message.Split('\n')[0]}", e);
        }
    }
}
