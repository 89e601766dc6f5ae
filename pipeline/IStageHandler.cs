using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;

namespace FreeMask.Pipeline;

/// <summary>
/// The implementation of one stage on one device. A stage may have several handlers, of which exactly one handles each run.
/// </summary>
internal interface IStageHandler
{
    /// <summary>The stage.</summary>
    Stage Stage { get; }

    /// <summary>Whether it handles a run.</summary>
    bool Handles(RunSpec spec) => true;

    /// <inheritdoc cref="IStageRunner.RunAsync"/>
    Task<IReadOnlyList<StageOutcome>> RunAsync(RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken);
}
