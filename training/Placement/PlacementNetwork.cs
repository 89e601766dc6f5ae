using FreeMask.Tensors;
using FreeMask.Training.Torch;
using FreeMask.Vision.Placement;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Placement;

/// <summary>The shape of a placement network.</summary>
/// <param name="Width">Channels of the stems; the stages have 1, 2, 4 and 8 times as many.</param>
/// <param name="Depths">Blocks of the four stages.</param>
/// <param name="Features">Channels of the features that the classifier sees.</param>
internal sealed record PlacementShape(int Width, IReadOnlyList<int> Depths, int Features)
{
    /// <summary>That of the public checkpoints at another width.</summary>
    internal static PlacementShape Public(int width) => new(width, [2, 2, 2, 2], 8 * width);
}

/// <summary>
/// FOPA's network under the names of the public checkpoints, which <see cref="FopaGraph"/> describes. Takes backgrounds and objects
/// [n, 3, h, w], normalized, and masks [n, 1, h, w]; gives logits [n, 2, h, w] and features [n, f, h, w].
/// </summary>
internal sealed class PlacementNetwork : Module<Tensor, Tensor, Tensor, (Tensor Logits, Tensor Features)>
{
    private readonly PlacementEncoder _background, _foreground;
    private readonly Convolution _trans16, _trans8, _classifier;
    private readonly DynamicConvolution _selfdc16, _selfdc8;
    private readonly UpUnit[] _up;

    internal PlacementNetwork(PlacementShape shape, ulong seed) : base(nameof(PlacementNetwork))
    {
        Shape = shape;
        var n = shape.Width;
        _background = new PlacementEncoder(shape);
        _foreground = new PlacementEncoder(shape);
        (_trans16, _trans8) = (new Convolution(8 * n, n, 1), new Convolution(4 * n, n, 1));
        (_selfdc16, _selfdc8) = (new DynamicConvolution(n, n, shape.Features), new DynamicConvolution(n, n, shape.Features));
        _up = [new(8 * n, 4 * n), new(4 * n, 2 * n), new(2 * n, n), new(n, n), new(n, n)];
        _classifier = new Convolution(shape.Features, 2, 1);
        register_module("bg_encoder1", new ModuleGroup(("0", _background.Stem), ("1", _background.Norm)));
        register_module("bg_encoder2", new ModuleGroup(("1", _background.Stages[0])));
        register_module("bg_encoder4", _background.Stages[1]);
        register_module("bg_encoder8", _background.Stages[2]);
        register_module("bg_encoder16", _background.Stages[3]);
        register_module("fg_encoder1", new ModuleGroup(("0", _foreground.Stem)));
        register_module("fg_encoder2", new ModuleGroup(("0", _foreground.Norm)));
        register_module("fg_encoder4", new ModuleGroup(("1", _foreground.Stages[0])));
        register_module("fg_encoder8", _foreground.Stages[1]);
        register_module("fg_encoder16", _foreground.Stages[2]);
        register_module("fg_encoder32", _foreground.Stages[3]);
        register_module("fg_trans16", _trans16);
        register_module("fg_trans8", _trans8);
        register_module("selfdc_16", _selfdc16);
        register_module("selfdc_8", _selfdc8);
        foreach (var (name, unit) in new[] { "upconv16", "upconv8", "upconv4", "upconv2", "upconv1" }.Zip(_up))
            register_module(name, unit);
        register_module("classifier", _classifier);
        foreach (var (name, parameter) in named_parameters())
            if (parameter.dim() == 4)
                Initialization.Normal(parameter, Gain(name) * Math.Sqrt(2.0 / parameter[0].numel()), seed, "placement." + name);
    }

    // The maps of a pre-trained encoder are large, and kernels that follow from them multiply them once more: features start near 1.
    private static double Gain(string name) =>
        name.Contains("gernerate_kernel", StringComparison.Ordinal) ? 0.1
        : name.Contains("fuse", StringComparison.Ordinal) ? 0.2
        : 1;

    /// <summary>Its shape.</summary>
    internal PlacementShape Shape { get; }

    /// <inheritdoc />
    protected override void RegisterComponents() { }

    /// <inheritdoc />
    public override (Tensor Logits, Tensor Features) forward(Tensor background, Tensor foreground, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var b = BackgroundMaps(background);
        var f = _foreground.forward(cat([foreground, mask], 1));
        var (k8, k16) = (_trans8.forward(f[3]), _trans16.forward(f[4]));
        var d = Grown(_up[0].forward(b[4]), b[3]).SafeAdd(b[3]);
        d = Grown(_up[1].forward(d), b[2]).SafeAdd(b[2]);
        d = Grown(_up[2].forward(d), b[1]).SafeAdd(b[1]);
        var d1 = Grown(_up[3].forward(d), b[0]).SafeAdd(b[0]);
        var doubled = functional.interpolate(
            d1, size: [2 * d1.shape[2], 2 * d1.shape[3]], mode: InterpolationMode.Bilinear, align_corners: true);
        var d0 = _up[4].forward(doubled);
        // The names are crossed in the public code: the kernels for half the size come from the larger map of the object.
        var full = _selfdc8.forward(d0, k16);
        var features = full.SafeAdd(Grown(_selfdc16.forward(d1, k8), full));
        return (_classifier.forward(features).MoveToOuterDisposeScope(), features.MoveToOuterDisposeScope());
    }

    /// <summary>The background encoder's last map of images, averaged to the number of features: what the features at a place are to
    /// follow, where the images are composites with the object in that place. Nothing learns from it.</summary>
    /// <param name="images">[n, 3, h, w], normalized.</param>
    /// <returns>[n, f].</returns>
    internal Tensor CompositeFeatures(Tensor images)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var mean = BackgroundMaps(images)[4].mean([2, 3]);
        var group = mean.shape[1] / Shape.Features;
        return (group > 1 ? mean.view(mean.shape[0], Shape.Features, group).mean([2]) : mean).MoveToOuterDisposeScope();
    }

    /// <summary>Starts both encoders from a ResNet under Hugging Face's names. The object's reads the mask as the lightness of a
    /// color.</summary>
    /// <exception cref="FreeMaskException">A weight is missing or has another shape.</exception>
    internal void Start(SafetensorsFile backbone)
    {
        _background.Import(backbone);
        _foreground.Import(backbone);
    }

    /// <summary>Keeps the background encoder as it is: FOPA learns the rest.</summary>
    internal void FreezeBackground()
    {
        foreach (var (_, parameter) in _background.named_parameters()) parameter.requires_grad_(false);
        _background.Freeze();
    }

    /// <summary>The network as an ONNX file for square inputs.</summary>
    internal byte[] ToOnnx(int side) => FopaGraph.Write(ModuleState.ToFile(this), side, side);

    private Tensor[] BackgroundMaps(Tensor images) =>
        _background.forward(cat([images, zeros(images.shape[0], 1, images.shape[2], images.shape[3])], 1));

    private static Tensor Grown(Tensor small, Tensor large) =>
        functional.interpolate(
            small, size: [large.shape[2], large.shape[3]], mode: InterpolationMode.Bilinear, align_corners: false);
}
