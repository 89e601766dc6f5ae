using FreeMask.GrainInterfaces;
using FreeMask.Training.Torch;

namespace FreeMask.Cli.Checks;

/// <summary>Whether this machine can train what the run trains.</summary>
internal sealed class LibTorchCheck : IRunCheck
{
    public string Key => "training";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (!spec.Trainer.IsExternal && !machine.IsCluster && LibTorch.Problem is { } problem) yield return new(Key, problem.TrimEnd('.'));
    }
}
