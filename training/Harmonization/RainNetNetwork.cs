using System.Globalization;
using FreeMask.Training.Torch;
using FreeMask.Vision.Harmonization;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Parameter = TorchSharp.Modules.Parameter;

namespace FreeMask.Training.Harmonization;

/// <summary>
/// RainNet under the names of the public checkpoints, which <see cref="RainNetGraph"/> describes: a U-Net that halves the image until one
/// pixel is left, with region-aware normalization on the way up and attention on its outer levels. Takes an image [n, 3, s, s] in -1..1
/// and a mask [n, 1, s, s] of 0 and 1; gives the image [n, 3, s, s] in -1..1 before it is put together with the composite.
/// </summary>
internal sealed class RainNetNetwork : NamedModule<(Tensor Image, Tensor Mask), Tensor>
{
    private const double Slope = 0.2;

    private readonly Convolution[] _down;
    private readonly Level[] _up;
    private readonly DoublingConvolution _last;

    /// <summary>A network with weights of He's rule.</summary>
    /// <param name="width">Channels of the first level; 2, 4 and then 8 times as many follow. The public ones have 64.</param>
    /// <param name="levels">How often the image is halved, at least 5; it has 2 to this power as its side.</param>
    /// <param name="seed">Names the initial weights.</param>
    internal RainNetNetwork(int width, int levels, ulong seed) : base(nameof(RainNetNetwork))
    {
        int Channels(int level) => width << Math.Min(level, 3);
        _down = [.. Enumerable.Range(0, levels).Select(level =>
            new Convolution(level == 0 ? 3 : Channels(level - 1), Channels(level), 4, stride: 2, bias: false, padding: 1))];
        // Each level but the first gives what it gets back, twice as large.
        _up = [.. Enumerable.Range(1, levels - 1).Select(level => new Level(
            (level == levels - 1 ? 1 : 2) * Channels(level),
            Channels(level - 1),
            attends: level < RainNetGraph.OuterLevels))];
        _last = new DoublingConvolution(2 * width, 3);
        Register(levels);
        Initialize(seed);
    }

    private Level UpFrom(int level) => _up[level - 1];

    private void Register(int levels)
    {
        register_module("model_layer0", _down[0]);
        for (var level = 1; level < RainNetGraph.OuterLevels; level++)
        {
            var number = (14 - level).ToString(CultureInfo.InvariantCulture);
            register_module($"model_layer{level.ToString(CultureInfo.InvariantCulture)}", new ModuleGroup(("1", _down[level])));
            register_module($"model_layer{number}", new ModuleGroup(("1", UpFrom(level).Enlarge)));
            register_module($"model_layer{number}norm", UpFrom(level).Normalize);
            register_module($"model_layer{number}att", new ModuleGroup(("0", UpFrom(level).Attention!)));
        }

        var innermost = levels - 1;
        var block = new ModuleGroup(
            ("up", new ModuleGroup(("1", _down[innermost]), ("3", UpFrom(innermost).Enlarge))), ("upnorm", UpFrom(innermost).Normalize));
        for (var level = innermost - 1; level >= RainNetGraph.OuterLevels; level--)
            block = new ModuleGroup(
                ("down", new ModuleGroup(("1", _down[level]))),
                ("up", new ModuleGroup(("1", UpFrom(level).Enlarge))),
                ("upnorm", UpFrom(level).Normalize),
                ("submodule", block)
            );
        register_module("unet_block", block);
        register_module("model_out", new ModuleGroup(("1", _last)));
    }

    private void Initialize(ulong seed)
    {
        void Draw(Parameter weight, double inputs, string name, double gain = 1) =>
            Initialization.Normal(weight, gain * Math.Sqrt(2 / inputs), seed, "rainnet." + name);
        for (var level = 0; level < _down.Length; level++)
            Draw(_down[level].Weight, _down[level].Weight[0].numel(), string.Create(CultureInfo.InvariantCulture, $"down.{level}"));
        for (var level = 1; level < _down.Length; level++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"up.{level}");
            Draw(UpFrom(level).Enlarge.Weight, InputsOf(UpFrom(level).Enlarge), name);
            if (UpFrom(level).Attention is { } attention) Draw(attention.Weight, attention.Weight[0].numel(), name + ".attention");
        }

        // Quiet at the start: near grey, where tanh bends least.
        Draw(_last.Weight, InputsOf(_last), "out", gain: 0.3);

        // Four of the sixteen numbers of a kernel that doubles meet in one pixel.
        static double InputsOf(DoublingConvolution layer) => 4 * layer.Weight.shape[0];
    }

    /// <summary>Harmonizes.</summary>
    public override Tensor forward((Tensor Image, Tensor Mask) input)
    {
        using var scope = NewDisposeScope();
        var (y, mask) = input;
        var skips = new Tensor[_down.Length];
        for (var level = 0; level < _down.Length; level++)
        {
            if (level > 0) y = skips[level - 1] = y.leaky_relu(PinnedScalar.Of(Slope));
            y = _down[level].forward(y);
            // One pixel has no deviation, and the first level is not normalized either.
            if (level > 0 && level < _down.Length - 1) y = Normalize(y);
        }

        for (var level = _down.Length - 1; level > 0; level--)
        {
            var stride = 1L << level;
            var reduced = mask.slice(2, 0, mask.shape[2], stride).slice(3, 0, mask.shape[3], stride);
            y = UpFrom(level).forward(y, skips[level - 1], reduced);
        }

        return _last.forward(functional.relu(y)).tanh().MoveToOuterDisposeScope();
    }

    /// <summary>Instance normalization without parameters.</summary>
    private static Tensor Normalize(Tensor values)
    {
        var difference = values.sub(values.mean([2, 3], keepdim: true));
        var variance = difference.SafeSquare().mean([2, 3], keepdim: true);
        return difference.div(variance.add(PinnedScalar.Of(RegionNormalization.Epsilon), PinnedScalar.Of(1)).sqrt());
    }

    /// <summary>One level on the way up.</summary>
    private sealed class Level(long inputs, long outputs, bool attends)
    {
        internal DoublingConvolution Enlarge { get; } = new(inputs, outputs, bias: false);

        internal RegionNormalization Normalize { get; } = new(outputs);

        internal Convolution? Attention { get; } = attends ? new(2 * outputs, 2 * outputs, 1) : null;

        internal Tensor forward(Tensor below, Tensor skip, Tensor mask)
        {
            var y = cat([skip, Normalize.forward((Enlarge.forward(functional.relu(below)), mask))], 1);
            return Attention is null ? y : Attention.forward(y).sigmoid().mul(y);
        }
    }
}
