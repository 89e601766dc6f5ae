using FreeMask.Randomness;
using FreeMask.Tensors;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Mini.Text;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>
/// Random weights of the networks with an input and the output that they give, by which a program that trains the networks elsewhere
/// checks that its networks are the same: tensors <c>autoencoder.*</c> and <c>diffusion.*</c> (parameters), <c>image</c> [1, 3, 128, 128],
/// <c>posterior</c> [1, 8, 16, 16], <c>latent</c> [1, 4, 16, 16], <c>decoded</c> [1, 3, 128, 128], <c>tokens</c> [1, 16],
/// <c>timestep</c> [1], <c>text</c> [1, 16, 128] and <c>velocity</c> [1, 4, 16, 16].
/// </summary>
internal static class ReferenceNetworks
{
    private const double WeightScale = 0.05;

    internal static void Write(StageContext context, MiniVocabulary vocabulary, string path)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        var autoEncoder = new AutoEncoderStage(context).Create();
        var diffusion = new DiffusionStage(context, vocabulary).Create();
        Randomize(autoEncoder);
        Randomize(diffusion);
        var image = Gaussian("image", [1, 3, 128, 128]);
        var latent = Gaussian("latent", [1, LatentStore.Channels, LatentStore.Side, LatentStore.Side]);
        var tokens = tensor(vocabulary.Encode("a photo of a dog on the grass"), [1, MiniVocabulary.Length]);
        var timestep = tensor(new long[] { 321 });
        var text = diffusion.Text.Forward(tokens);
        (string Name, Tensor Value)[] values =
        [
            ("image", image),
            ("posterior", autoEncoder.Encoder.Forward(image.ChannelsLast())),
            ("latent", latent),
            ("decoded", autoEncoder.Decode(latent)),
            ("tokens", tokens),
            ("timestep", timestep),
            ("text", text),
            ("velocity", diffusion.UNet.Forward(latent, timestep, text)),
        ];
        new SafetensorsFile(
        [
            .. ModuleState.Export(autoEncoder, "autoencoder."),
            .. ModuleState.Export(diffusion, "diffusion."),
            .. values.Select(value => ModuleState.ToNamed(value.Name, value.Value)),
        ]).Save(path);
    }

    /// <summary>Every parameter is moved, so that layers that start at zero take part too.</summary>
    private static void Randomize(nn.Module module)
    {
        foreach (var (name, parameter) in module.named_parameters())
        {
            using var scope = NewDisposeScope();
            parameter.add_(Gaussian(name, parameter.shape).mul(PinnedScalar.Of(WeightScale)), PinnedScalar.Of(1));
        }
    }

    private static Tensor Gaussian(string name, long[] shape)
    {
        var values = new float[shape.Aggregate(1L, (product, side) => product * side)];
        new CounterRandom(1, 0, 0, "reference-" + name).FillGaussian(values);
        return tensor(values, shape);
    }
}
