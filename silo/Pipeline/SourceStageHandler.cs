using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;

namespace FreeMask.Silo.Pipeline;

/// <summary>A stage that differs between samples that are drawn and samples that are taken from a folder.</summary>
internal sealed class SourceStageHandler(IStageHandler drawn, IStageHandler taken) : IStageHandler, IDisposable
{
    public Task<IReadOnlyList<StageOutcome>> RunAsync(RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken) =>
        (spec.Source.IsFolder ? taken : drawn).RunAsync(spec, inputs, cancellationToken);

    public void Dispose()
    {
        (drawn as IDisposable)?.Dispose();
        (taken as IDisposable)?.Dispose();
    }
}
