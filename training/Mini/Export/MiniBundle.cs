using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Diffusion.Models;
using FreeMask.Files;
using FreeMask.Json;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Stages;
using FreeMask.Training.Mini.Text;

namespace FreeMask.Training.Mini.Export;

/// <summary>Writes the trained networks in the folder layout that public Stable Diffusion exports use.</summary>
internal static class MiniBundle
{
    /// <summary>Writes everything but the backbone and the held-out set; existing files are replaced.</summary>
    internal static void Write(
        string directory, AutoEncoder autoEncoder, float[] mean, float[] deviation, DiffusionNetwork diffusion, MiniVocabulary vocabulary)
    {
        foreach (var part in (string[])["scheduler", "text_encoder", "unet", "vae_encoder", "vae_decoder"])
            Directory.CreateDirectory(Path.Combine(directory, part));
        vocabulary.Save(Path.Combine(directory, "tokenizer"));
        TextEncoderExport.Build(diffusion.Text, WeightStorage.Half).Save(DiffusionFolder.Graph(directory, DiffusionFolder.TextEncoder));
        UNetExport.Build(diffusion.UNet, WeightStorage.Half).Save(DiffusionFolder.Graph(directory, DiffusionFolder.UNet));
        AutoEncoderExport
            .BuildEncoder(autoEncoder, mean, deviation, WeightStorage.Half)
            .Save(DiffusionFolder.Graph(directory, DiffusionFolder.VaeEncoder));
        AutoEncoderExport
            .BuildDecoder(autoEncoder, mean, deviation, WeightStorage.Half)
            .Save(DiffusionFolder.Graph(directory, DiffusionFolder.VaeDecoder));
        WriteJson(directory, "vae_decoder/config.json", AutoEncoderConfig());
        WriteJson(directory, "vae_encoder/config.json", AutoEncoderConfig());
        WriteJson(directory, "scheduler/scheduler_config.json", SchedulerConfig());
        WriteJson(directory, ModelFileNames.DiffusionIndex, ModelIndex());
    }

    private static void WriteJson(string directory, string file, JsonObject content) =>
        File.WriteAllText(Path.Combine(directory, file), JsonSerializer.Serialize(content, JsonFormats.Indented) + "\n");

    private static JsonObject ModelIndex() => new()
    {
        ["_class_name"] = "StableDiffusionPipeline",
        ["_name_or_path"] = "freemask/mini",
        ["feature_extractor"] = new JsonArray(null, null),
        ["requires_safety_checker"] = false,
        ["safety_checker"] = new JsonArray(null, null),
        ["scheduler"] = new JsonArray("diffusers", "DPMSolverMultistepScheduler"),
        ["text_encoder"] = new JsonArray("diffusers", "OnnxRuntimeModel"),
        ["tokenizer"] = new JsonArray("transformers", "CLIPTokenizer"),
        ["unet"] = new JsonArray("diffusers", "OnnxRuntimeModel"),
        ["vae_decoder"] = new JsonArray("diffusers", "OnnxRuntimeModel"),
        ["vae_encoder"] = new JsonArray("diffusers", "OnnxRuntimeModel"),
    };

    private static JsonObject SchedulerConfig() => new()
    {
        ["_class_name"] = "DPMSolverMultistepScheduler",
        ["algorithm_type"] = "dpmsolver++",
        ["beta_end"] = DiffusionProcess.Config.BetaEnd,
        ["beta_schedule"] = "scaled_linear",
        ["beta_start"] = DiffusionProcess.Config.BetaStart,
        ["final_sigmas_type"] = "zero",
        ["lower_order_final"] = true,
        ["num_train_timesteps"] = DiffusionProcess.Config.TrainTimesteps,
        ["prediction_type"] = "v_prediction",
        ["solver_order"] = 2,
        ["solver_type"] = "midpoint",
        ["thresholding"] = false,
        ["timestep_spacing"] = "linspace",
        ["trained_betas"] = null,
        ["use_karras_sigmas"] = false,
    };

    private static JsonObject AutoEncoderConfig() => new()
    {
        ["_class_name"] = "AutoencoderKL",
        ["in_channels"] = 3,
        ["latent_channels"] = AutoEncoder.LatentChannels,
        ["out_channels"] = 3,
        ["sample_size"] = SceneRenderer.Side,
        ["scaling_factor"] = 1.0,
        ["shift_factor"] = 0.0,
    };
}
