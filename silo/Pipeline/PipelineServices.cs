using FreeMask.Grains.Stages;

namespace FreeMask.Silo.Pipeline;

/// <summary>Registers what does the work of the stages.</summary>
public static class PipelineServices
{
    /// <summary>Adds the stages of the method and the training of the segmenter.</summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="modelsFolder">The folder of the bundles that a run names; null where runs give paths.</param>
    public static IServiceCollection AddFreeMaskPipeline(this IServiceCollection services, string? modelsFolder)
    {
        services.AddSingleton(new BundleFolders(modelsFolder));
        services.AddSingleton<IStageRunnerFactory, PipelineRunnerFactory>();
        services.AddSingleton<ISegmenterTraining, PipelineTraining>();
        return services;
    }
}
