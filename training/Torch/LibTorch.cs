using System.Runtime.InteropServices;

namespace FreeMask.Training.Torch;

/// <summary>The native library of TorchSharp, which FreeMask has for Linux on x64 only.</summary>
internal static class LibTorch
{
    private static readonly Lazy<string?> Found = new(Load);

    /// <summary>Why this process cannot train, with the remedy; null if it can.</summary>
    public static string? Problem => Found.Value;

    /// <summary>Loads the library.</summary>
    /// <exception cref="FreeMaskException">It is not there; the message says what to do.</exception>
    public static void Require()
    {
        if (Problem is { } problem) throw new FreeMaskException(problem);
    }

    // TorchSharp itself would search the package cache of this machine, and write pages about it to the console.
    private static string? Load()
    {
        var assembly = typeof(TorchSharp.torch).Assembly;
        return NativeLibrary.TryLoad("torch_cpu", assembly, null, out _) && NativeLibrary.TryLoad("LibTorchSharp", assembly, null, out _)
            ? null
            : "Training needs libtorch, which is not beside the program or cannot be loaded. FreeMask has it for Linux on x64: use that, "
                + "or train on a cluster (--cluster), or with a program of your own (trainer.command). Everything else works.";
    }
}
