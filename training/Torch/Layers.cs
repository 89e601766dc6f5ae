using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Torch;

/// <summary>
/// A module whose parameters, buffers and children are exactly those it registers by name. TorchSharp would also register every field of
/// such a type, under the field's name; then each tensor would appear twice in the state.
/// </summary>
/// <param name="name">The module's kind.</param>
internal abstract class NamedModule<TInput, TOutput>(string name) : Module<TInput, TOutput>(name)
{
    /// <inheritdoc />
    protected override void RegisterComponents() { }
}

/// <summary>A node of a module tree that only gives its children a dotted name.</summary>
internal sealed class ModuleGroup : Module
{
    internal ModuleGroup(params IEnumerable<(string Name, Module Child)> children) : base(nameof(ModuleGroup))
    {
        foreach (var (name, child) in children) register_module(name, child);
    }

    /// <inheritdoc />
    protected override void RegisterComponents() { }

    /// <summary>Children named 0, 1, 2, ... as PyTorch's lists name them.</summary>
    internal static ModuleGroup Numbered(IEnumerable<Module> children) =>
        new(children.Select((child, i) => (i.ToString(System.Globalization.CultureInfo.InvariantCulture), child)));
}

/// <summary>2-D convolution [n, in, h, w] to [n, out, h', w']; parameters <c>weight</c> [out, in, k, k] and, if asked for, <c>bias</c>. All
/// zero until initialized. Padding is half of the kernel unless told.</summary>
internal sealed class Convolution : NamedModule<Tensor, Tensor>, IMixedPrecision
{
    private readonly long[] _stride, _padding;
    private readonly bool _pointwise;

    internal Convolution(long inputs, long outputs, long kernel, long stride = 1, bool bias = true, long? padding = null)
        : base(nameof(Convolution))
    {
        _stride = [stride, stride];
        _padding = [padding ?? (kernel / 2), padding ?? (kernel / 2)];
        _pointwise = kernel == 1 && _padding[0] == 0;
        Weight = new Parameter(zeros(outputs, inputs, kernel, kernel, device: DeviceScope.Current));
        register_parameter("weight", Weight);
        if (!bias) return;
        Bias = new Parameter(zeros(outputs, device: DeviceScope.Current));
        register_parameter("bias", Bias);
    }

    internal Parameter Weight { get; }

    internal Parameter? Bias { get; }

    /// <inheritdoc />
    public TrainingPrecision Precision { get; set; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        var rows = ChannelsLast(input);
        return _pointwise
            ? Pointwise(rows).permute(0, 3, 1, 2)
            : Precision.Convolve(rows.permute(0, 3, 1, 2), Weight, Bias, _stride, _padding);
    }

    /// <summary>
    /// [n, c, h, w] to [n, h, w, c], in this order in memory too: faster (nothing is reordered between layers), and right. In the plain
    /// order the oneDNN of libtorch 2.10 gives wrong sums, even NaN, for some shapes whose channels do not fill its blocks of 8 or 16.
    /// </summary>
    internal static Tensor ChannelsLast(Tensor input)
    {
        var rows = input.permute(0, 2, 3, 1);
        return rows.is_contiguous() ? rows : rows.contiguous();
    }

    /// <summary>
    /// A kernel of one pixel as a product of matrices, [n, h, w, in] to [n, h', w', out]. oneDNN's own way estimates its blocks from the
    /// sizes of the processor's caches, and divides by zero, which ends the process, on virtual machines that hide them (seen with 1024 and
    /// more channels).
    /// </summary>
    private Tensor Pointwise(Tensor rows)
    {
        var kept = _stride[0] == 1 ? rows : rows.slice(1, 0, rows.shape[1], _stride[0]).slice(2, 0, rows.shape[2], _stride[1]);
        return Precision.Linear(kept, Weight.view(Weight.shape[0], Weight.shape[1]), Bias);
    }
}

/// <summary>Transposed 2-D convolution of stride 2 that doubles the sides, [n, in, h, w] to [n, out, 2 h, 2 w]: kernel 4, padding 1;
/// parameters <c>weight</c> [in, out, 4, 4] and, if asked for, <c>bias</c>. All zero until initialized.</summary>
internal sealed class DoublingConvolution : NamedModule<Tensor, Tensor>
{
    private static readonly long[] Stride = [2, 2], Padding = [1, 1];

    internal DoublingConvolution(long inputs, long outputs, bool bias = true) : base(nameof(DoublingConvolution))
    {
        Weight = new Parameter(zeros(inputs, outputs, 4, 4, device: DeviceScope.Current));
        register_parameter("weight", Weight);
        if (!bias) return;
        Bias = new Parameter(zeros(outputs, device: DeviceScope.Current));
        register_parameter("bias", Bias);
    }

    internal Parameter Weight { get; }

    internal Parameter? Bias { get; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        return functional.conv_transpose2d(Convolution.ChannelsLast(input).permute(0, 3, 1, 2), Weight, Bias, Stride, Padding);
    }
}

/// <summary>y = x Wᵀ + b over the last dimension; parameters <c>weight</c> [out, in] and, if asked for, <c>bias</c> [out]. All zero until
/// initialized.</summary>
internal sealed class LinearLayer : NamedModule<Tensor, Tensor>, IMixedPrecision
{
    internal LinearLayer(long inputs, long outputs, bool bias = true) : base(nameof(LinearLayer))
    {
        Weight = new Parameter(zeros(outputs, inputs, device: DeviceScope.Current));
        register_parameter("weight", Weight);
        if (!bias) return;
        Bias = new Parameter(zeros(outputs, device: DeviceScope.Current));
        register_parameter("bias", Bias);
    }

    internal Parameter Weight { get; }

    internal Parameter? Bias { get; }

    /// <inheritdoc />
    public TrainingPrecision Precision { get; set; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) => Precision.Linear(input, Weight, Bias);
}

/// <summary>
/// Batch normalization with PyTorch's names and rules (momentum 0.1, unbiased variance into the running statistics, epsilon 1e-5).
/// <see cref="Frozen"/> keeps it on its running statistics while the rest of a model trains.
/// </summary>
internal sealed class BatchNormalization : NamedModule<Tensor, Tensor>
{
    internal const double Epsilon = 1e-5;

    internal BatchNormalization(long channels) : base(nameof(BatchNormalization))
    {
        Weight = new Parameter(ones(channels, device: DeviceScope.Current));
        Bias = new Parameter(zeros(channels, device: DeviceScope.Current));
        RunningMean = zeros(channels, device: DeviceScope.Current);
        RunningVariance = ones(channels, device: DeviceScope.Current);
        Batches = zeros([], int64, DeviceScope.Current);
        register_parameter("weight", Weight);
        register_parameter("bias", Bias);
        register_buffer("running_mean", RunningMean);
        register_buffer("running_var", RunningVariance);
        register_buffer("num_batches_tracked", Batches);
    }

    internal Parameter Weight { get; }

    internal Parameter Bias { get; }

    internal Tensor RunningMean { get; }

    internal Tensor RunningVariance { get; }

    internal Tensor Batches { get; }

    /// <summary>Whether running statistics are used, and left alone, in training mode too.</summary>
    internal bool Frozen { get; set; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input)
    {
        var learning = training && !Frozen;
        if (learning)
            using (no_grad()) Batches.add_(PinnedScalar.Of(1), PinnedScalar.Of(1));
        return functional.batch_norm(input, RunningMean, RunningVariance, Weight, Bias, learning, 0.1, Epsilon);
    }
}

/// <summary>Group normalization, epsilon 1e-5. Its own class because TorchSharp 0.107's leaves weight and bias uninitialized.</summary>
internal sealed class GroupNormalization : NamedModule<Tensor, Tensor>
{
    internal const double Epsilon = 1e-5;

    internal GroupNormalization(long groups, long channels) : base(nameof(GroupNormalization))
    {
        Groups = groups;
        Weight = new Parameter(ones(channels, device: DeviceScope.Current));
        Bias = new Parameter(zeros(channels, device: DeviceScope.Current));
        register_parameter("weight", Weight);
        register_parameter("bias", Bias);
    }

    internal long Groups { get; }

    internal Parameter Weight { get; }

    internal Parameter Bias { get; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) => functional.group_norm(input, Groups, Weight, Bias, Epsilon);
}

/// <summary>Layer normalization over the last dimension.</summary>
internal sealed class LayerNormalization : NamedModule<Tensor, Tensor>
{

    private readonly long[] _shape;

    internal LayerNormalization(long channels, double epsilon = 1e-5) : base(nameof(LayerNormalization))
    {
        _shape = [channels];
        Epsilon = epsilon;
        Weight = new Parameter(ones(channels, device: DeviceScope.Current));
        Bias = new Parameter(zeros(channels, device: DeviceScope.Current));
        register_parameter("weight", Weight);
        register_parameter("bias", Bias);
    }

    internal double Epsilon { get; }

    internal Parameter Weight { get; }

    internal Parameter Bias { get; }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) => functional.layer_norm(input, _shape, Weight, Bias, Epsilon);
}
