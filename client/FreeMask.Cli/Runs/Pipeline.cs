using FreeMask.Cli.Bundles;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Vision;
using Microsoft.Extensions.DependencyInjection;

namespace FreeMask.Cli.Runs;

/// <summary>Registers what does the work of the stages and the training in an embedded silo.</summary>
internal static class Pipeline
{
    internal static void Register(IServiceCollection services, BundleCatalog bundles)
    {
        services.AddSingleton<IStageRunnerFactory, Unassembled>();
        services.AddSingleton<ISegmenterTraining, Unassembled>();
    }

    private sealed class Unassembled : IStageRunnerFactory, ISegmenterTraining
    {
        public IStageRunner Create(string device) => throw new FreeMaskException("This build has no stage runners yet.");

        public Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken) => throw new FreeMaskException("This build has no training yet.");

        public Task<SegmenterQuality> EvaluateAsync(RunSpec spec, SegmenterModel model, ITrainingMonitor monitor, CancellationToken cancellationToken) => throw new FreeMaskException("This build has no training yet.");
    }
}
