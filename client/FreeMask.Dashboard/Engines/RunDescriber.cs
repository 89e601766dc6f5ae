using FreeMask.Client.Runs;
using FreeMask.GrainInterfaces;

namespace FreeMask.Dashboard.Engines;

/// <summary>Adds to a run's document what the grains do not know: the paths of its products, and notes about its prompts.</summary>
internal delegate RunDocument RunDescriber(RunDocument document, RunSpec spec, RunStatus status);
