using FreeMask.Files;

namespace FreeMask.Diffusion.Models;

/// <summary>Paths in a model folder of Stable Diffusion: one folder a part (diffusers' and optimum's layout).</summary>
internal static class DiffusionFolder
{
    internal const string UNet = "unet",
        TextEncoder = "text_encoder",
        SecondTextEncoder = "text_encoder_2",
        VaeDecoder = "vae_decoder",
        VaeEncoder = "vae_encoder";

    private const string Vae = "vae", Scheduler = "scheduler", SchedulerConfigName = "scheduler_config.json";

    /// <summary>Parts that are graphs.</summary>
    internal static IReadOnlyList<string> Parts { get; } = [TextEncoder, SecondTextEncoder, UNet, VaeDecoder, VaeEncoder];

    /// <summary>The graph of a part.</summary>
    internal static string Graph(string folder, string part) => Path.Combine(folder, part, ModelFileNames.Onnx);

    /// <summary>The configuration of a part.</summary>
    internal static string Config(string folder, string part) => Path.Combine(folder, part, ModelFileNames.Config);

    /// <summary>The autoencoder's configuration where the export keeps that of both halves in one folder.</summary>
    internal static string SharedVaeConfig(string folder) => Config(folder, Vae);

    /// <summary>The scheduler's settings.</summary>
    internal static string SchedulerConfig(string folder) => Path.Combine(folder, Scheduler, SchedulerConfigName);

    /// <summary>The list of parts.</summary>
    internal static string Index(string folder) => Path.Combine(folder, ModelFileNames.DiffusionIndex);

    /// <summary>Whether a folder is a model folder: it holds a U-Net, or says by its index that it is one.</summary>
    internal static bool IsHere(string folder) => File.Exists(Index(folder)) || File.Exists(Graph(folder, UNet));
}
