using System.Globalization;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Devices;
using FreeMask.Onnx;
using FreeMask.Training.Torch;
using Microsoft.Extensions.Options;

namespace FreeMask.Pipeline;

/// <summary>Registers the stage handlers and the training.</summary>
internal static class PipelineServices
{
    /// <summary>Adds the stages and the training of the segmenter.</summary>
    /// <param name="services">The silo's services.</param>
    /// <param name="modelsFolder">The folder of the bundles that runs name; null if runs give paths.</param>
    public static IServiceCollection AddFreeMaskPipeline(this IServiceCollection services, string? modelsFolder)
    {
        services.AddSingleton(new BundleFolders(modelsFolder));
        services.AddSingleton<IStageRunnerFactory, DeviceStageRunnerFactory>();
        services.AddSingleton<IComputeEnvironment, PipelineEnvironment>();
        services.AddSingleton<ISegmenterTraining, SegmenterTrainingService>();
        services.AddSingleton<IValidateOptions<DeviceOptions>, ProvidersOfDevices>();
        return services;
    }

    /// <summary>Checks the provider of each device, and the device of trainings, at start rather than when they are first needed.</summary>
    private sealed class ProvidersOfDevices : IValidateOptions<DeviceOptions>
    {
        public ValidateOptionsResult Validate(string? name, DeviceOptions options)
        {
            var problems = options.NamesOrDefault.Select(Problem).Append(TrainingProblem(options.Training)).OfType<string>().ToList();
            return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
        }

        /// <summary>Why a GPU cannot train. Whether the processor can is a matter of each run: it may not train at all.</summary>
        private static string? TrainingProblem(string name) =>
            name != TrainingDevice.Processor.ToString() && TrainingDevice.ProblemOf(name) is { } problem
                ? $"FreeMask:Devices:Training: {problem}"
                : null;

        private static string? Problem(string device)
        {
            try
            {
                var parts = device.Split(':', 2);
                OnnxProviders.Require(parts[0]);
                return parts.Length == 1 || ushort.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out _)
                    ? null
                    : $"FreeMask:Devices:Names has '{device}': what follows the colon is no device's number, such as {parts[0]}:0.";
            }
            catch (FreeMaskException exception)
            {
                return $"FreeMask:Devices:Names has '{device}': {exception.Message}";
            }
        }
    }
}
