using System.Globalization;
using FreeMask.Tensors;
using FreeMask.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Placement;

/// <summary>A ResNet of basic blocks with four input channels. Its parts are registered by the network, under the names of the public
/// checkpoints. Gives five maps: the stem's, at half the size, and those of the four stages.</summary>
internal sealed class PlacementEncoder : NamedModule<Tensor, Tensor[]>
{
    private readonly ResidualBlock[][] _blocks;

    internal PlacementEncoder(PlacementShape shape) : base(nameof(PlacementEncoder))
    {
        Stem = new Convolution(4, shape.Width, 7, stride: 2, bias: false);
        Norm = new BatchNormalization(shape.Width);
        _blocks = new ResidualBlock[4][];
        for (var stage = 0; stage < 4; stage++)
        {
            var (inputs, outputs) = (shape.Width << Math.Max(0, stage - 1), shape.Width << stage);
            _blocks[stage] =
            [
                .. Enumerable
                    .Range(0, shape.Depths[stage])
                    .Select(b => new ResidualBlock(b == 0 ? inputs : outputs, outputs, b == 0 && stage > 0 ? 2 : 1)),
            ];
        }

        Stages = [.. _blocks.Select(blocks => ModuleGroup.Numbered(blocks))];
        register_module("stem", Stem);
        register_module("norm", Norm);
        register_module("stages", ModuleGroup.Numbered(Stages));
    }

    internal Convolution Stem { get; }

    internal BatchNormalization Norm { get; }

    internal IReadOnlyList<ModuleGroup> Stages { get; }

    /// <inheritdoc />
    public override Tensor[] forward(Tensor input)
    {
        var maps = new Tensor[5];
        maps[0] = functional.relu(Norm.forward(Stem.forward(input)));
        var x = functional.max_pool2d(maps[0], 3, 2, 1);
        for (var stage = 0; stage < 4; stage++)
        {
            foreach (var block in _blocks[stage]) x = block.forward(x);
            maps[stage + 1] = x;
        }

        return maps;
    }

    /// <summary>Keeps the running statistics of all normalizations.</summary>
    internal void Freeze()
    {
        Norm.Frozen = true;
        foreach (var block in _blocks.SelectMany(blocks => blocks)) block.Freeze();
    }

    /// <summary>Takes the weights of a ResNet with three input channels under Hugging Face's names; the fourth is the lightness
    /// 0.299 R + 0.587 G + 0.114 B of its filters, as in FOPA.</summary>
    /// <exception cref="FreeMaskException">A weight is missing or has another shape.</exception>
    internal void Import(SafetensorsFile file)
    {
        const string Root = "resnet.", Embedder = Root + "embedder.embedder.";
        var colors = file[Embedder + "convolution.weight"];
        ModuleState.Assign(Stem.Weight, WithLightness(colors));
        Assign(Norm, file, Embedder + "normalization");
        for (var stage = 0; stage < 4; stage++)
            for (var b = 0; b < _blocks[stage].Length; b++)
            {
                var at = string.Create(CultureInfo.InvariantCulture, $"{Root}encoder.stages.{stage}.layers.{b}.");
                var block = _blocks[stage][b];
                Assign(block.First, block.FirstNorm, file, at + "layer.0.");
                Assign(block.Second, block.SecondNorm, file, at + "layer.1.");
                if (block.Shortcut is { } shortcut) Assign(shortcut, block.ShortcutNorm!, file, at + "shortcut.");
            }
    }

    private static void Assign(Convolution convolution, BatchNormalization norm, SafetensorsFile file, string at)
    {
        Assign(convolution.Weight, file[at + "convolution.weight"]);
        Assign(norm, file, at + "normalization");
    }

    private static void Assign(BatchNormalization norm, SafetensorsFile file, string at)
    {
        Assign(norm.Weight, file[at + ".weight"]);
        Assign(norm.Bias, file[at + ".bias"]);
        Assign(norm.RunningMean, file[at + ".running_mean"]);
        Assign(norm.RunningVariance, file[at + ".running_var"]);
    }

    private static void Assign(Tensor target, NamedTensor source)
    {
        if (!target.shape.SequenceEqual(source.Shape))
            throw new FreeMaskException(
                $"The start weights' {source.Name} is [{string.Join(", ", source.Shape)}], and a ResNet-18's "
                    + $"[{string.Join(", ", target.shape)}] is expected."
            );
        ModuleState.Assign(target, source);
    }

    private static NamedTensor WithLightness(NamedTensor colors)
    {
        float[] share = [0.299f, 0.587f, 0.114f];
        var (from, area) = (colors.ToSingles(), (int)(colors.Shape[2] * colors.Shape[3]));
        var to = new float[from.Length / 3 * 4];
        for (var output = 0; output < colors.Shape[0]; output++)
            for (var c = 0; c < 3; c++)
                for (var i = 0; i < area; i++)
                {
                    var value = from[(((output * 3) + c) * area) + i];
                    to[(((output * 4) + c) * area) + i] = value;
                    to[(((output * 4) + 3) * area) + i] += share[c] * value;
                }

        return NamedTensor.FromSingles(colors.Name, [colors.Shape[0], 4, colors.Shape[2], colors.Shape[3]], to);
    }
}

/// <summary>relu(conv(relu(conv(x))) + shortcut(x)) with batch normalization, under torchvision's names.</summary>
internal sealed class ResidualBlock : NamedModule<Tensor, Tensor>
{
    internal ResidualBlock(int inputs, int outputs, int stride) : base(nameof(ResidualBlock))
    {
        First = new Convolution(inputs, outputs, 3, stride, bias: false);
        Second = new Convolution(outputs, outputs, 3, bias: false);
        (FirstNorm, SecondNorm) = (new BatchNormalization(outputs), new BatchNormalization(outputs));
        register_module("conv1", First);
        register_module("bn1", FirstNorm);
        register_module("conv2", Second);
        register_module("bn2", SecondNorm);
        if (inputs == outputs && stride == 1) return;
        Shortcut = new Convolution(inputs, outputs, 1, stride, bias: false);
        ShortcutNorm = new BatchNormalization(outputs);
        register_module("downsample", new ModuleGroup(("0", Shortcut), ("1", ShortcutNorm)));
    }

    internal Convolution First { get; }

    internal Convolution Second { get; }

    internal Convolution? Shortcut { get; }

    internal BatchNormalization FirstNorm { get; }

    internal BatchNormalization SecondNorm { get; }

    internal BatchNormalization? ShortcutNorm { get; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        var y = functional.relu(FirstNorm.forward(First.forward(input)));
        y = SecondNorm.forward(Second.forward(y));
        return functional.relu(y.SafeAdd(Shortcut is null ? input : ShortcutNorm!.forward(Shortcut.forward(input))));
    }

    internal void Freeze()
    {
        (FirstNorm.Frozen, SecondNorm.Frozen) = (true, true);
        if (ShortcutNorm is not null) ShortcutNorm.Frozen = true;
    }
}

/// <summary>A 3x3 convolution without bias, batch normalization and ReLU.</summary>
internal sealed class UpUnit : NamedModule<Tensor, Tensor>
{
    private readonly Convolution _convolution;
    private readonly BatchNormalization _norm;

    internal UpUnit(int inputs, int outputs) : base(nameof(UpUnit))
    {
        (_convolution, _norm) = (new Convolution(inputs, outputs, 3, bias: false), new BatchNormalization(outputs));
        register_module("basicconv", new ModuleGroup(("0", _convolution), ("1", _norm)));
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) => functional.relu(_norm.forward(_convolution.forward(input)));
}

/// <summary>
/// A 3x3 kernel for each image and channel from y (adaptive average pooling to 3x3, a pointwise convolution), applied to x depthwise, then
/// a 3x3 convolution.
/// </summary>
internal sealed class DynamicConvolution : Module<Tensor, Tensor, Tensor>
{
    private const int Kernel = 3;

    private readonly Convolution _kernels, _fuse;

    internal DynamicConvolution(int inputs, int channels, int outputs) : base(nameof(DynamicConvolution))
    {
        (_kernels, _fuse) = (new Convolution(inputs, channels, 1), new Convolution(channels, outputs, 3));
        register_module("gernerate_kernel", new ModuleGroup(("0", _kernels)));
        register_module("fuse", _fuse);
    }

    /// <inheritdoc />
    protected override void RegisterComponents() { }

    /// <summary>x [n, c, h, w] and y [n, d, h', w'] to [n, f, h, w].</summary>
    public override Tensor forward(Tensor x, Tensor y)
    {
        var kernels = _kernels.forward(functional.adaptive_avg_pool2d(y, [Kernel, Kernel]));
        var padded = functional.pad(x, [1, 1, 1, 1], PaddingModes.Constant, 0);
        Tensor? sum = null;
        for (var i = 0; i < Kernel * Kernel; i++)
        {
            var (row, column) = (i / Kernel, i % Kernel);
            var shifted = padded.narrow(2, row, x.shape[2]).narrow(3, column, x.shape[3]);
            var term = shifted.mul(kernels.narrow(2, row, 1).narrow(3, column, 1));
            sum = sum is null ? term : sum.SafeAdd(term);
        }

        return _fuse.forward(sum!);
    }
}
