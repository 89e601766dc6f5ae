using FreeMask.GrainInterfaces;
using FreeMask.Vision.Placement;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the placement model can be opened and run, and gives scores of the expected form.</summary>
internal sealed class PlacementCheck : IRunCheck
{
    public string Key => "composition.placement";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Composition is not { MultiShare: > 0, MaxObjects: > 1, PlacementFolder: { } folder }) return [];
        using var model = PlacementModel.Load(folder);
        model.Probe();
        return [];
    }
}
