using FreeMask.Tensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Torch;

/// <summary>How one parameter is trained.</summary>
/// <param name="Name">Its dotted name.</param>
/// <param name="Value">The parameter.</param>
/// <param name="RateFactor">Multiplies the learning rate.</param>
/// <param name="WeightDecay">Decoupled weight decay.</param>
internal sealed record TrainedParameter(string Name, Parameter Value, double RateFactor, double WeightDecay);

/// <summary>
/// AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization"; the arithmetic of <c>torch.optim.AdamW</c>), on one flat buffer:
/// the parameters and their gradients become views into it, so that a step, the norm and the clip are a handful of kernels whatever the
/// number of parameters. State can be saved and restored exactly.
/// </summary>
/// <remarks>
/// All parameters are on one device, and so is the optimizer's state. While it lives, the parameters' storage belongs to it; disposing it
/// gives the parameters storage of their own again.
/// </remarks>
internal sealed class FlatAdamW : IDisposable
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;

    // Each parameter starts on a cache line, as tensors of their own do.
    private const long Alignment = 16;

    private readonly (TrainedParameter Parameter, long Offset)[] _parameters;
    private readonly (long Offset, long Length, double RateFactor, double WeightDecay)[] _segments;
    private readonly Tensor _values, _gradients, _mean, _square;

    internal FlatAdamW(IEnumerable<TrainedParameter> parameters)
    {
        var groups = parameters.GroupBy(p => (p.RateFactor, p.WeightDecay)).ToArray();
        var placed = new List<(TrainedParameter, long)>();
        var segments = new List<(long, long, double, double)>();
        long size = 0;
        foreach (var group in groups)
        {
            var start = size;
            foreach (var parameter in group)
            {
                placed.Add((parameter, size));
                size += (parameter.Value.numel() + Alignment - 1) / Alignment * Alignment;
            }

            segments.Add((start, size - start, group.Key.RateFactor, group.Key.WeightDecay));
        }

        _parameters = [.. placed];
        _segments = [.. segments];
        var device = placed[0].Item1.Value.device;
        (_values, _gradients, _mean, _square) = (Flat(size, device), Flat(size, device), Flat(size, device), Flat(size, device));
        foreach (var (parameter, offset) in _parameters) Adopt(parameter.Value, offset);
    }

    /// <summary>Number of steps taken.</summary>
    internal long Steps { get; private set; }

    /// <summary>Sets all gradients to zero. They stay allocated: backward passes add to them in place.</summary>
    internal void ZeroGradients() => _gradients.zero_();

    /// <summary>Scales all gradients so that their common norm is at most <paramref name="maximum"/> (factor maximum / (norm + 1e-6), as
    /// PyTorch's).</summary>
    /// <returns>The norm before.</returns>
    internal double ClipGradients(double maximum)
    {
        using var scope = NewDisposeScope();
        var norm = _gradients.norm().item<float>();
        using var factor = (maximum / (norm + 1e-6)).ToScalar();
        if (factor.ToDouble() < 1) _gradients.mul_(factor);
        return norm;
    }

    /// <summary>One step at the given learning rate.</summary>
    internal void Step(double rate)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Steps++;
        var correction1 = 1 - Math.Pow(Beta1, Steps);
        using var correction2 = Math.Sqrt(1 - Math.Pow(Beta2, Steps)).ToScalar();
        _mean.mul_(PinnedScalar.Of(Beta1)).add_(_gradients, PinnedScalar.Of(1 - Beta1));
        _square.mul_(PinnedScalar.Of(Beta2)).addcmul_(_gradients, _gradients, PinnedScalar.Of(1 - Beta2));
        var denominator = _square.sqrt().div_(correction2).add_(PinnedScalar.Of(Epsilon), PinnedScalar.Of(1));
        foreach (var (offset, length, factor, decay) in _segments)
        {
            var values = _values.narrow(0, offset, length);
            using var shrink = (1 - (rate * factor * decay)).ToScalar();
            using var stride = (-rate * factor / correction1).ToScalar();
            if (decay != 0) values.mul_(shrink);
            values.addcdiv_(_mean.narrow(0, offset, length), denominator.narrow(0, offset, length), stride);
        }
    }

    /// <summary>Both moments under <c>optimizer.mean.NAME</c> and <c>optimizer.square.NAME</c>, and <c>optimizer.steps</c>. Their elements
    /// are copied whenever they are asked for, as they are then.</summary>
    internal IEnumerable<NamedTensor> Export()
    {
        yield return NamedTensor.FromInt64s("optimizer.steps", [1], [Steps]);
        foreach (var (parameter, offset) in _parameters)
        {
            yield return Moment("mean", _mean, parameter, offset);
            yield return Moment("square", _square, parameter, offset);
        }
    }

    private static NamedTensor Moment(string name, Tensor flat, TrainedParameter parameter, long offset) =>
        ModuleState.ViewOf($"optimizer.{name}.{parameter.Name}", () => View(flat, parameter.Value, offset), parameter.Value);

    /// <summary>Restores what <see cref="Export"/> gave.</summary>
    /// <exception cref="FreeMaskException">A tensor is missing.</exception>
    internal void Import(SafetensorsFile file)
    {
        Steps = file["optimizer.steps"].ToInt64s()[0];
        foreach (var (parameter, offset) in _parameters)
        {
            ModuleState.Assign(View(_mean, parameter.Value, offset), file["optimizer.mean." + parameter.Name]);
            ModuleState.Assign(View(_square, parameter.Value, offset), file["optimizer.square." + parameter.Name]);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        using (NewDisposeScope())
        using (no_grad())
        {
            foreach (var (parameter, _) in _parameters)
            {
                parameter.Value.grad = null;
                parameter.Value.set_(parameter.Value.detach().clone());
            }
        }

        foreach (var buffer in new[] { _values, _gradients, _mean, _square }) buffer.Dispose();
    }

    private void Adopt(Parameter parameter, long offset)
    {
        using var frozen = no_grad();
        var view = View(_values, parameter, offset);
        view.copy_(parameter);
        parameter.set_(view);
        parameter.grad = View(_gradients, parameter, offset);
    }

    private static Tensor View(Tensor flat, Tensor like, long offset)
    {
        using var scope = NewDisposeScope();
        return flat.narrow(0, offset, like.numel()).view(like.shape).MoveToOuterDisposeScope();
    }

    private static Tensor Flat(long size, Device device) => zeros(size, device: device).DetachFromDisposeScope();
}
