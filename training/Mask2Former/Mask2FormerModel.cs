using FreeMask.Training.Torch;
using FreeMask.Vision.Segmentation;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mask2Former;

/// <summary>Everything that a forward pass computes, stage by stage.</summary>
internal sealed record Mask2FormerOutput(IReadOnlyList<Tensor> Features, PixelFeatures Pixels, DecoderOutput Decoder)
{
    /// <summary>The model's answer.</summary>
    internal Prediction Final => Decoder.Predictions[^1];
}

/// <summary>
/// Mask2Former in the files and parameter names of Hugging Face's <c>Mask2FormerForUniversalSegmentation</c>:
/// what <c>save_pretrained</c> wrote loads here, and the reverse.
/// </summary>
internal sealed class Mask2FormerModel : NamedModule<Tensor, Mask2FormerOutputs>
{
    internal const string BackbonePrefix = "model.pixel_level_module.encoder.";

    /// <summary>Makes a model with fresh weights that depend on <paramref name="seed"/> alone.</summary>
    /// <param name="config">The model's shape.</param>
    /// <param name="seed">Seed of the weights.</param>
    public Mask2FormerModel(Mask2FormerConfig config, ulong seed) : base(nameof(Mask2FormerModel))
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        Backbone = config.Backbone.Create();
        ClassPredictor = new LinearLayer(config.HiddenSize, config.Labels.Count + 1);
        PixelDecoder = new PixelDecoder(config, Backbone.Channels);
        Decoder = new MaskedDecoder(config, ClassPredictor);
        ClassWeights = ones(config.Labels.Count + 1, device: DeviceScope.Current);
        ClassWeights.narrow(0, config.Labels.Count, 1).fill_(PinnedScalar.Of(config.NoObjectWeight));
        var criterion = new ModuleGroup();
        criterion.register_buffer("empty_weight", ClassWeights);
        register_module("model", new ModuleGroup(
            ("pixel_level_module", new ModuleGroup(("encoder", Backbone), ("decoder", PixelDecoder))),
            ("transformer_module", Decoder)));
        register_module("class_predictor", ClassPredictor);
        register_module("criterion", criterion);
        Mask2FormerInitialization.Apply(this, seed);
    }

    /// <summary>The model's shape.</summary>
    public Mask2FormerConfig Config { get; }

    internal Backbone Backbone { get; }

    internal PixelDecoder PixelDecoder { get; }

    internal MaskedDecoder Decoder { get; }

    internal LinearLayer ClassPredictor { get; }

    /// <summary>Weights of the classes in the class loss [classes + 1].</summary>
    internal Tensor ClassWeights { get; }

    /// <summary>Reads <c>config.json</c> and the weights of a folder, in one file or in several.</summary>
    /// <exception cref="FreeMaskException">A file is missing, or the weights do not fit; the message names them.</exception>
    public static Mask2FormerModel Load(string folder)
    {
        var model = new Mask2FormerModel(Mask2FormerConfig.Load(Path.Combine(folder, CheckpointFolder.Config)), seed: 0);
        ModuleState.Import(model, CheckpointFolder.LoadWeights(folder), Canonical).ThrowIfAny(folder);
        return model;
    }

    /// <summary>Writes <c>config.json</c>, <c>model.safetensors</c> and, if given, <c>preprocessor_config.json</c>; the folder is made
    /// where it is absent.</summary>
    public void Save(string folder, SegmenterPreprocessing? preprocessing = null)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, CheckpointFolder.Config), Config.ToJson());
        ModuleState.ToFile(this).Save(Path.Combine(folder, CheckpointFolder.Weights));
        if (preprocessing is not null) File.WriteAllText(Path.Combine(folder, SegmenterPreprocessing.FileName), preprocessing.ToJson());
    }

    /// <summary>Today's name of a tensor; files from before Swin became a backbone of its own nest it one level deeper and number its norms
    /// from 0.</summary>
    /// <returns>Null for the final norm of such a Swin, which a segmenter never uses.</returns>
    internal static string? Canonical(string name)
    {
        const string Nested = BackbonePrefix + "model.", Norms = BackbonePrefix + "hidden_states_norms.";
        if (name.StartsWith(Nested + "layernorm.", StringComparison.Ordinal)) return null;
        if (name.StartsWith(Nested, StringComparison.Ordinal)) return BackbonePrefix + name[Nested.Length..];
        return name.StartsWith(Norms, StringComparison.Ordinal) && char.IsAsciiDigit(name[Norms.Length])
            ? Norms + SwinBackbone.StageName(name[Norms.Length] - '0') + name[(Norms.Length + 1)..]
            : name;
    }

    /// <summary>Keeps the backbone's batch normalisations on their running statistics, in training too.</summary>
    public void FreezeNormalization(bool frozen)
    {
        foreach (var module in Backbone.modules().OfType<BatchNormalization>()) module.Frozen = frozen;
    }

    /// <summary>Predicts for normalized images [n, 3, h, w] ((RGB / 255 - mean) / deviation with ImageNet's figures).</summary>
    public override Mask2FormerOutputs forward(Tensor input)
    {
        var final = Run(input).Final;
        return new Mask2FormerOutputs(final.Classes, final.Masks);
    }

    /// <summary>The forward pass with everything in between.</summary>
    internal Mask2FormerOutput Run(Tensor images)
    {
        var features = Backbone.forward(images);
        var pixels = PixelDecoder.forward(features);
        return new Mask2FormerOutput(features, pixels, Decoder.forward(pixels));
    }
}

/// <summary>The answer of a Mask2Former.</summary>
/// <param name="ClassLogits">[n, queries, classes + 1]; the last class means "no object".</param>
/// <param name="MaskLogits">[n, queries, h/4, w/4].</param>
internal sealed record Mask2FormerOutputs(Tensor ClassLogits, Tensor MaskLogits)
{
    /// <summary>
    /// Scores of every class at every pixel, [n, classes, height, width]: masks are resized first, then each query votes for its classes
    /// with its mask's probability (Mask2Former, <c>semantic_inference</c>). They need not add up to 1.
    /// </summary>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    public Tensor SemanticScores(long height, long width)
    {
        var classes = ClassLogits.softmax(-1).narrow(-1, 0, ClassLogits.shape[2] - 1);
        var masks = functional
            .interpolate(MaskLogits, size: [height, width], mode: InterpolationMode.Bilinear, align_corners: false)
            .sigmoid();
        return classes.transpose(1, 2).matmul(masks.flatten(2)).view(ClassLogits.shape[0], -1, height, width);
    }
}
