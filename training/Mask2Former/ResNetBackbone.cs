using FreeMask.Training.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Mask2Former;

/// <summary>ResNet under Hugging Face's parameter names (transformers, <c>modeling_resnet.py</c>: <c>ResNetBackbone</c>).</summary>
internal sealed class ResNetBackbone : Backbone
{
    internal ResNetBackbone(ResNetConfig config) : base(nameof(ResNetBackbone))
    {
        Config = config;
        Stem = new ResNetUnit(3, config.EmbeddingSize, 7, 2, activate: true);
        Stages = [.. Enumerable.Range(0, 4).Select(stage => Stage(config, stage))];
        register_module("embedder", new ModuleGroup(("embedder", Stem)));
        register_module("encoder", new ModuleGroup(("stages", ModuleGroup.Numbered(
            Stages.Select(layers => (Module)new ModuleGroup(("layers", ModuleGroup.Numbered(layers))))))));
    }

    internal ResNetConfig Config { get; }

    internal ResNetUnit Stem { get; }

    internal IReadOnlyList<IReadOnlyList<ResidualLayer>> Stages { get; }

    /// <inheritdoc />
    internal override IReadOnlyList<int> Channels => Config.HiddenSizes;

    /// <inheritdoc />
    public override Tensor[] forward(Tensor input)
    {
        var x = functional.max_pool2d(Stem.forward(input), 3, 2, 1);
        var maps = new Tensor[Stages.Count];
        for (var stage = 0; stage < maps.Length; stage++)
        {
            foreach (var layer in Stages[stage]) x = layer.forward(x);
            maps[stage] = x;
        }

        return maps;
    }

    /// <summary>Convolutions by He's rule; normalisations are the identity.</summary>
    internal override void Initialize(ulong seed)
    {
        foreach (var (name, parameter) in named_parameters())
            if (parameter.dim() == 4) Initialization.HeFanOut(parameter, seed, "backbone." + name);
    }

    private static ResidualLayer[] Stage(ResNetConfig config, int stage)
    {
        var inputs = stage == 0 ? config.EmbeddingSize : config.HiddenSizes[stage - 1];
        var outputs = config.HiddenSizes[stage];
        var stride = stage == 0 && !config.DownsampleInFirstStage ? 1 : 2;
        return [.. Enumerable.Range(0, config.Depths[stage])
            .Select(i => i == 0 ? new ResidualLayer(config, inputs, outputs, stride) : new ResidualLayer(config, outputs, outputs, 1))];
    }
}

/// <summary>Convolution without bias, batch normalization, and ReLU if asked for.</summary>
internal sealed class ResNetUnit : NamedModule<Tensor, Tensor>
{
    internal ResNetUnit(int inputs, int outputs, int kernel, int stride, bool activate) : base(nameof(ResNetUnit))
    {
        (Kernel, Stride, Activate) = (kernel, stride, activate);
        Convolution = new Convolution(inputs, outputs, kernel, stride, bias: false);
        Normalization = new BatchNormalization(outputs);
        register_module("convolution", Convolution);
        register_module("normalization", Normalization);
    }

    internal int Kernel { get; }

    internal int Stride { get; }

    internal bool Activate { get; }

    internal Convolution Convolution { get; }

    internal BatchNormalization Normalization { get; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        var x = Normalization.forward(Convolution.forward(input));
        return Activate ? x.relu_() : x;
    }
}

/// <summary>relu(units(x) + shortcut(x)); the shortcut is a 1x1 unit where shapes change, else the identity.</summary>
internal sealed class ResidualLayer : NamedModule<Tensor, Tensor>
{
    private const int Reduction = 4;

    internal ResidualLayer(ResNetConfig config, int inputs, int outputs, int stride) : base(nameof(ResidualLayer))
    {
        if (inputs != outputs || stride != 1)
        {
            Shortcut = new ResNetUnit(inputs, outputs, 1, stride, activate: false);
            register_module("shortcut", Shortcut);
        }

        Units = config.LayerType == ResNetLayerType.Basic
            ? [new(inputs, outputs, 3, stride, activate: true), new(outputs, outputs, 3, 1, activate: false)]
            :
            [
                new(inputs, outputs / Reduction, 1, config.DownsampleInBottleneck ? stride : 1, activate: true),
                new(outputs / Reduction, outputs / Reduction, 3, config.DownsampleInBottleneck ? 1 : stride, activate: true),
                new(outputs / Reduction, outputs, 1, 1, activate: false),
            ];
        register_module("layer", ModuleGroup.Numbered(Units));
    }

    internal ResNetUnit? Shortcut { get; }

    internal IReadOnlyList<ResNetUnit> Units { get; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        var x = input;
        foreach (var unit in Units) x = unit.forward(x);
        return x.add_(Shortcut is null ? input : Shortcut.forward(input), PinnedScalar.Of(1)).relu_();
    }
}
