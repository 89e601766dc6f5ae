using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace FreeMask.Training.Torch;

/// <summary>The native library of TorchSharp, which FreeMask has for Linux on x64 only.</summary>
internal static partial class LibTorch
{
    private static readonly Lazy<string?> Found = new(Load);
    private static readonly Lazy<bool> WithCuda = new(
        () => NativeLibrary.TryLoad("torch_cuda", typeof(TorchSharp.torch).Assembly, null, out _));

    /// <summary>Why this process cannot train, with the remedy; null if it can.</summary>
    public static string? Problem => Found.Value;

    /// <summary>Whether the library is one for CUDA; with or without a GPU.</summary>
    internal static bool HasCuda => Problem is null && WithCuda.Value;

    /// <summary>Loads the library.</summary>
    /// <exception cref="FreeMaskException">It is not there; the message says what to do.</exception>
    public static void Require()
    {
        if (Problem is { } problem) throw new FreeMaskException(problem);
    }

    // How often a thread of GNU OpenMP, with which libtorch computes, looks for work before it sleeps: about 30 us.
    private const string SpinCount = "10000";

    /// <summary>
    /// Lets threads of libtorch sleep while they wait for each other, unless the user chose (OMP_WAIT_POLICY, GOMP_SPINCOUNT). By default
    /// they spin for a millisecond, which takes the cores from the threads that they wait for as soon as other programs, or inference in
    /// this one, use them too: steps take two to six times as long then (docs/segmenter.md).
    /// </summary>
#pragma warning disable CA2255 // The library reads the variable while it is loaded, which any use of TorchSharp may cause.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void SpinBriefly()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null) return;
        // .NET's own method changes a copy of the environment, which native libraries do not see.
        _ = SetEnvironment("GOMP_SPINCOUNT", SpinCount, overwrite: 0);
    }

    /// <summary>
    /// Gives the memory that a training has left back to the system. The allocator of glibc keeps it in an arena for each thread that
    /// trained, and a silo or an experiment trains on ever other threads.
    /// </summary>
    internal static void ReturnMemory()
    {
        // Other systems and C libraries have no such function, and FreeMask has no libtorch for them.
        if (OperatingSystem.IsLinux() && Problem is null) _ = TrimMemory(0);
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int TrimMemory(nint kept);

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
