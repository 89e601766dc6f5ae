using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Torch;
using FreeMask.Vision;
using TorchSharp;

namespace FreeMask.Training.Mini.Stages;

/// <summary>
/// Networks of the bundle that another program trained, such as <c>training/Mini/PyTorch/train_mini.py</c> on a GPU:
/// <c>autoencoder.safetensors</c>, <c>diffusion.safetensors</c>, <c>backbone.safetensors</c> under the parameter names of
/// <see cref="AutoEncoder"/>, <see cref="DiffusionNetwork"/> and <see cref="ResNetClassifier"/>, and <c>latents.safetensors</c> with
/// <c>mean</c> and <c>deviation</c> [4] of the raw latents.
/// </summary>
/// <param name="directory">The folder of the files.</param>
internal sealed class TrainedWeights(string directory)
{
    internal AutoEncoder AutoEncoder(AutoEncoderStage stage) => Load(stage.Create(), "autoencoder.safetensors");

    internal DiffusionNetwork Diffusion(DiffusionStage stage) => Load(stage.Create(), "diffusion.safetensors");

    internal ResNetClassifier Backbone() =>
        Load(new ResNetClassifier(ResNetConfig.Mini, [.. VocClasses.Names.Skip(1)], seed: 0), "backbone.safetensors");

    internal (float[] Mean, float[] Deviation) LatentStatistics()
    {
        var file = Open("latents.safetensors");
        return (file["mean"].ToSingles(), file["deviation"].ToSingles());
    }

    private T Load<T>(T module, string name) where T : torch.nn.Module
    {
        ModuleState.Import(module, Open(name)).ThrowIfAny(Path.Combine(directory, name));
        module.eval();
        return module;
    }

    private SafetensorsFile Open(string name)
    {
        var path = Path.Combine(directory, name);
        return File.Exists(path) ? SafetensorsFile.Load(path) : throw new FreeMaskException($"{path} does not exist.");
    }
}
