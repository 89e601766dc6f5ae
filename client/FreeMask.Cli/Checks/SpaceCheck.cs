using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the samples fit on the disk.</summary>
internal sealed class SpaceCheck : IRunCheck
{
    public string Key => "samplesPerRound";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (machine.FreeBytes is not { } free || RunPlan.BytesOf(spec, machine.Bundles) is var bytes && bytes <= free) yield break;
        yield return new(
            Key,
            $"the samples take about {ByteSize.Megabytes(RunPlan.BytesOf(spec, machine.Bundles))} on disk, and {ByteSize.Megabytes(free)} "
                + "are free; use fewer, or --data on another disk"
        );
    }
}
