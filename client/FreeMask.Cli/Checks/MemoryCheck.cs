using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Checks;

/// <summary>
/// Whether the weights alone fit into the memory of the devices. What batches need besides is not known before they run, so that a run
/// that passes may still need a smaller batch; one that does not pass cannot run.
/// </summary>
internal sealed class MemoryCheck : IRunCheck
{
    private const string Start = "training.init";

    // Each weight, its gradient and both moments of AdamW.
    private const int TrainingCopies = 4;

    private static readonly string[] Parts = ["text_encoder", "unet", "vae_decoder", "vae_encoder"];

    public string Key => "model";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (machine.IsCluster) yield break;
        if (!spec.Source.IsFolder && machine.FolderOf(spec.Model) is { } bundle)
        {
            var weights = Parts.Sum(part => BytesOf(Path.Combine(bundle, part)));
            foreach (var device in machine.ComputingDevices.Distinct(StringComparer.Ordinal))
                if (machine.MemoryOf(device) is { } memory && weights > memory)
                    yield return new(
                        Key,
                        $"the models of '{spec.Model}' are {ByteSize.Megabytes(weights)}, and the device {device} has "
                            + $"{ByteSize.Megabytes(memory)} of memory; use an export in half precision or a larger device"
                    );
        }

        if (spec.Trainer.IsExternal || spec.Training.InitFolder is not { } start || machine.HostMemory is not { } available)
            yield break;
        var training = BytesOf(start) * TrainingCopies;
        if (training > available)
            yield return new(
                Start,
                $"training the {ByteSize.Megabytes(training / TrainingCopies)} of weights in {start} takes more than "
                    + $"{ByteSize.Megabytes(training)} of memory (weights, gradients and two moments), and this machine has "
                    + $"{ByteSize.Megabytes(available)}; use a smaller training.backbone, or a trainer on another machine"
            );
    }

    private static long BytesOf(string folder) =>
        Directory.Exists(folder)
            ? new DirectoryInfo(folder)
                .EnumerateFiles()
                .Where(file => file.Extension is not (".json" or ".txt" or ".md"))
                .Sum(file => new FileInfo(RealPath.Of(file.FullName)).Length)
            : 0;
}
