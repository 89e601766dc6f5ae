using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FreeMask.Training.Torch;

/// <summary>The native library of TorchSharp, which FreeMask has for Linux on x64 only.</summary>
internal static partial class LibTorch
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

    /// <summary>
    /// Lets threads of OpenMP, with which libtorch computes, sleep while they wait for each other (OMP_WAIT_POLICY of the OpenMP
    /// specification), unless the user chose. By default they spin, which takes the cores from the threads that they wait for as soon as
    /// other programs, or inference in this one, use them too: steps take three to six times as long then (docs/segmenter.md).
    /// </summary>
#pragma warning disable CA2255 // The library reads the variable while it is loaded, which any use of TorchSharp may cause.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void WaitPassively()
    {
        // .NET's own method changes a copy of the environment, which native libraries do not see.
        if (OperatingSystem.IsLinux()) _ = SetEnvironment("OMP_WAIT_POLICY", "passive", overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

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
