using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FreeMask.Files;
using Microsoft.ML.OnnxRuntime;

namespace FreeMask.Onnx;

/// <summary>
/// Keeps graphs as ONNX Runtime optimized them. A file is named by everything that it depends on, so it is never stale: the model, what is
/// added to it, the provider and its options, the version of ONNX Runtime.
/// </summary>
internal static class OptimizedGraphs
{
    // Smaller weights stay in the graph; larger ones go into a file beside it, because a graph file cannot exceed 2 GB.
    private const string LargestInside = "1024";

    /// <summary>Opens a session, from the folder where it has the optimized graph; otherwise keeps it there.</summary>
    /// <param name="path">The model.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="appendix">What is added to the model.</param>
    /// <param name="open">Opens the model itself.</param>
    public static InferenceSession Open(
        string path,
        OnnxSessionOptions options,
        ReadOnlyMemory<byte> appendix,
        Func<SessionOptions, InferenceSession> open
    )
    {
        if (options.OptimizedGraphs is not { Length: > 0 } folder)
        {
            using var plain = OnnxProviders.MakeOptions(options);
            return open(plain);
        }

        Directory.CreateDirectory(folder);
        var kept = Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(path)}-{KeyOf(path, options, appendix.Span)}.onnx");
        return File.Exists(kept) && OpenKept(kept, options) is { } session ? session : OpenAndKeep(kept, options, open);
    }

    private static InferenceSession? OpenKept(string kept, OnnxSessionOptions options)
    {
        using var settings = OnnxProviders.MakeOptions(options);
        settings.GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL;
        try
        {
            return new InferenceSession(kept, settings);
        }
        catch (OnnxRuntimeException)
        {
            // Damaged, or its weights are gone: it is made again.
            File.Delete(kept);
            return null;
        }
    }

    private static InferenceSession OpenAndKeep(string kept, OnnxSessionOptions options, Func<SessionOptions, InferenceSession> open)
    {
        // Other processes may do the same at this moment: each writes files of its own, and the graph takes its name when it is whole.
        var name = $"{Path.GetFileNameWithoutExtension(kept)}-{Guid.NewGuid():N}";
        var unfinished = Path.Combine(Path.GetDirectoryName(kept)!, name + ".partial");
        using var settings = OnnxProviders.MakeOptions(options);
        settings.OptimizedModelFilePath = unfinished;
        settings.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", name + ".weights");
        settings.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", LargestInside);
        var session = open(settings);
        File.Move(unfinished, kept, overwrite: true);
        return session;
    }

    private static string KeyOf(string path, OnnxSessionOptions options, ReadOnlySpan<byte> appendix)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using (var file = File.OpenRead(path))
        {
            var block = new byte[1 << 20];
            for (int read; (read = file.Read(block)) > 0;) hash.AppendData(block.AsSpan(0, read));
        }

        hash.AppendData(appendix);
        // Weights outside of the file are told apart by size and time: reading gigabytes would cost more than the optimization saves.
        foreach (var outside in OnnxGraphReader.Read(path).ExternalFiles)
        {
            var weights = new FileInfo(RealPath.Of(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, outside)));
            if (weights.Exists) Append($"{outside}|{weights.Length}|{weights.LastWriteTimeUtc.Ticks}");
        }

        Append($"{OnnxRuntimeLibrary.Version}|{options.Provider}");
        foreach (var (key, value) in OnnxProviders.OptionsOf(options).OrderBy(o => o.Key, StringComparer.Ordinal)) Append($"{key}={value}");
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];

        void Append(FormattableString text) => hash.AppendData(Encoding.UTF8.GetBytes(text.ToString(CultureInfo.InvariantCulture) + "\n"));
    }
}
