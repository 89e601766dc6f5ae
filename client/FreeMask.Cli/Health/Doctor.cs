using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;
using FreeMask.Diffusion.Models;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Training.Torch;

namespace FreeMask.Cli.Health;

/// <summary>Checks everything that a run needs from the machine.</summary>
internal static class Doctor
{
    private const long NeededBytes = 1L << 30;

    internal static IReadOnlyList<Check> Examine(DataFolder data, BundleCatalog bundles) =>
    [
        Runtime(),
        Processor(),
        Memory(),
        Native("ONNX Runtime", () => OnnxRuntimeLibrary.Version),
        .. Accelerators(),
        Torch(),
        Native("image codec", () => $"{ImageCodec.EncodeJpeg(new RgbImage(8, 8)).Length} bytes for 8 x 8 pixels"),
        Bundle(bundles),
        Writable(data),
        Space(data),
    ];

    private static Check Runtime() => new(".NET", Verdict.Ok, RuntimeInformation.FrameworkDescription);

    private static Check Processor()
    {
        var detail = $"{Environment.ProcessorCount} cores, {RuntimeInformation.ProcessArchitecture}{(Avx2.IsSupported ? ", AVX2" : "")}";
        return Avx2.IsSupported || RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? new("processor", Verdict.Ok, detail)
            : new("processor", Verdict.Warning, detail, "Without AVX2 everything works, several times slower.");
    }

    private static Check Memory()
    {
        var gibibytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        var detail = string.Create(CultureInfo.InvariantCulture, $"{gibibytes:0.0} GiB");
        return gibibytes >= 4
            ? new("memory", Verdict.Ok, detail)
            : new("memory", Verdict.Warning, detail, "Training likes 4 GiB; choose a smaller training.batch if a run is killed.");
    }

    /// <summary>Loads a native library; a missing one is the most frequent cause of failed runs on a new machine.</summary>
    private static Check Native(string name, Func<string> load)
    {
        try
        {
            return new(name, Verdict.Ok, load());
        }
        catch (Exception e)
        {
            var cause = e;
            while (cause.InnerException is { } inner) cause = inner;
            return new(
                name,
                Verdict.Failed,
                cause.Message.Split('\n')[0],
                "Restore and build again on this machine: dotnet build -c Release. On Linux, glibc and libstdc++ must be installed."
            );
        }
    }

    /// <summary>The accelerators of this build and the libraries that they need: a line for each, or one that there is none.</summary>
    private static IEnumerable<Check> Accelerators()
    {
        var names = OnnxProviders.Accelerators();
        if (names.Count == 0)
        {
            yield return new(
                "accelerators",
                Verdict.Ok,
                "none in this build; models run on the processor",
                "dotnet build -c Release -p:Accelerator=cuda has CUDA and TensorRT."
            );
        }

        foreach (var name in names)
        {
            var missing = OnnxProviders.MissingLibraries(name);
            yield return missing.Count == 0
                ? new(name, Verdict.Ok, "its libraries are there")
                : new(name, Verdict.Warning, $"missing: {string.Join(", ", missing)}", $"--device {name}:0 needs them.");
        }
    }

    private static Check Torch()
    {
        const string Name = "TorchSharp";
        if (LibTorch.Problem is not { } problem)
            return Native(Name, () =>
            {
                using var sum = TorchSharp.torch.ones(2, 2).sum();
                return sum.item<float>() == 4
                    ? TorchSharp.torch.__version__
                    : throw new InvalidOperationException("2 x 2 ones do not add up to 4.");
            });
        // Where the library is part of the program it must load.
        var expected = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64;
        return new(Name, expected ? Verdict.Failed : Verdict.Warning, "libtorch cannot be loaded", problem);
    }

    private static Check Bundle(BundleCatalog bundles)
    {
        var names = bundles.Names;
        if (names.Count == 0)
            return new(
                "model bundles",
                Verdict.Failed,
                "none found",
                $"Run from a clone of the repository, or set {BundleCatalog.EnvironmentVariable} to the folder that holds them."
            );
        foreach (var name in names)
        {
            try
            {
                using var bundle = DiffusionBundle.Load(Path.Combine(bundles.ModelsFolder!, name));
            }
            catch (FreeMaskException broken)
            {
                return new(
                    "model bundles",
                    Verdict.Failed,
                    $"{name}: {broken.Message}",
                    $"Restore the folder '{name}' from the repository."
                );
            }
        }

        return new("model bundles", Verdict.Ok, $"{string.Join(", ", names)} in {bundles.ModelsFolder}");
    }

    private static Check Writable(DataFolder data)
    {
        try
        {
            var there = NamedPath.Nearest(data.Root);
            if (File.Exists(there)) throw new IOException($"'{there}' is a file.");
            NamedPath.Probe(there);
            return new("data folder", Verdict.Ok, data.Root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new(
                "data folder",
                Verdict.Failed,
                $"{data.Root}: {e.Message}",
                $"Name a folder that can be written with --data DIR or {DataFolder.EnvironmentVariable}."
            );
        }
    }

    private static Check Space(DataFolder data)
    {
        try
        {
            var folder = data.Root;
            while (!Directory.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
            var free = new DriveInfo(folder).AvailableFreeSpace;
            var detail = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1L << 30):0.0} GiB free");
            return free >= NeededBytes
                ? new("disk", Verdict.Ok, detail)
                : new(
                    "disk",
                    Verdict.Warning,
                    detail,
                    "Images, masks and checkpoints of a run stay on disk; free some space or use another disk with --data."
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new("disk", Verdict.Warning, $"free space cannot be read: {e.Message}");
        }
    }
}
