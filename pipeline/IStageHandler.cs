using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;

namespace FreeMask.Pipeline;

/// <summary>The work of one stage on one device. A stage may have several handlers, of which each run uses the one that takes it.</summary>
internal interface IStageHandler
{
    /// <summary>The stage.</summary>
    Stage Stage { get; }

    /// <summary>Whether it works for a run; exactly one handler of a stage does.</summary>
    bool Handles(RunSpec spec) => true;

    /// <inheritdoc cref="IStageRunner.RunAsync"/>
    Task<IReadOnlyList<StageOutcome>> RunAsync(RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken);
}
