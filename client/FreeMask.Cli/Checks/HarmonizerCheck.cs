using FreeMask.GrainInterfaces;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the harmonizer can be opened, and has a form that this version knows.</summary>
internal sealed class HarmonizerCheck : IRunCheck
{
    public string Key => "harmonization.model";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Harmonization is { Enabled: true, ModelFolder: { } folder }) HarmonizerModel.Load(folder).Dispose();
        return [];
    }
}
