using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using FreeMask.Tensors;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>
/// 32-bit weights of a module in one flat vector, with AdamW (Loshchilov and Hutter, 2019) and an exponential moving average, for mixed
/// precision by hand: gradients are copied up from the module, new weights are copied down to it. With flat vectors the whole update is one
/// pass over memory whatever the number of parameters, and a checkpoint four tensors.
/// </summary>
internal sealed class MasterWeights : IDisposable
{
    private const double Beta1 = 0.9, Beta2 = 0.99, LargestGradientNorm = 1;
    private const float AdamEpsilon = 1e-8f;

    private const string BufferPrefix = "buffer.";

    private readonly nn.Module _module;
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly double _weightDecay, _averaging;
    private readonly string _layout;
    private readonly Tensor _weights, _moment1, _moment2, _average, _decayed;

    /// <summary>Takes over a module's initial weights and turns it into the wanted precision.</summary>
    /// <param name="module">The network that computes gradients.</param>
    /// <param name="precision">Its arithmetic.</param>
    /// <param name="channelsLast">Whether its 4-D weights get channels innermost in memory: faster for large maps, slower for small
    /// ones.</param>
    /// <param name="weightDecay">AdamW's decay of weights with two or more dimensions.</param>
    /// <param name="averaging">Share of the old average that a step keeps.</param>
    internal MasterWeights(nn.Module module, TrainingPrecision precision, bool channelsLast, double weightDecay, double averaging)
    {
        _module = module;
        _weightDecay = weightDecay;
        _averaging = averaging;
        _layout = Layout(module);
        using (NewDisposeScope())
        using (no_grad())
        {
            var initial = module.parameters().ToArray();
            _weights = cat([.. initial.Select(p => p.detach().reshape(-1).to(ScalarType.Float32))]).DetachFromDisposeScope();
            _decayed = cat([.. initial.Select(p => full(p.numel(), PinnedScalar.Of(p.dim() > 1 ? 1 : 0), ScalarType.Float32))])
                .DetachFromDisposeScope();
            _moment1 = zeros_like(_weights).DetachFromDisposeScope();
            _moment2 = zeros_like(_weights).DetachFromDisposeScope();
            _average = _weights.clone().DetachFromDisposeScope();
            if (precision == TrainingPrecision.BFloat16) module.to(ScalarType.BFloat16);
            foreach (var parameter in module.parameters().Where(p => channelsLast && p.dim() == 4))
                parameter.set_(parameter.ChannelsLast());
        }

        _parameters = [.. module.parameters()];
    }

    /// <summary>Steps taken so far.</summary>
    internal int Step { get; private set; }

    /// <summary>Number of parameters.</summary>
    internal long Count => _weights.numel();

    /// <summary>Takes one step with the gradients that the module holds, and clears them.</summary>
    internal void Apply(double learningRate)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var gradient = cat([.. _parameters.Select(p => (p.grad ?? zeros_like(p)).reshape(-1))]).to(ScalarType.Float32);
        var clip = Math.Min(1, LargestGradientNorm / (gradient.norm().item<float>() + 1e-6));
        _module.zero_grad();
        Step++;
        Update(Span(gradient), (float)clip, (float)learningRate);
        CopyDown(_weights, _parameters);
    }

    private void Update(ReadOnlySpan<float> gradient, float clip, float learningRate)
    {
        Span<float> weights = Span(_weights),
            moment1 = Span(_moment1),
            moment2 = Span(_moment2),
            average = Span(_average),
            decayed = Span(_decayed);
        const float Keep1 = (float)Beta1, Keep2 = (float)Beta2;
        var scale1 = (float)(1 / (1 - Math.Pow(Beta1, Step)));
        var scale2 = (float)(1 / (1 - Math.Pow(Beta2, Step)));
        var keep = (float)Math.Min(_averaging, (1.0 + Step) / (10.0 + Step));
        var decay = (float)_weightDecay;
        for (var i = 0; i < weights.Length; i++)
        {
            var g = gradient[i] * clip;
            var first = moment1[i] = (Keep1 * moment1[i]) + ((1 - Keep1) * g);
            var second = moment2[i] = (Keep2 * moment2[i]) + ((1 - Keep2) * g * g);
            var weight = weights[i];
            weights[i] = weight -=
                learningRate * ((first * scale1 / (MathF.Sqrt(second * scale2) + AdamEpsilon)) + (decay * decayed[i] * weight));
            average[i] = (keep * average[i]) + ((1 - keep) * weight);
        }
    }

    /// <summary>The tensor's own memory.</summary>
    private static Span<float> Span(Tensor flat) => MemoryMarshal.Cast<byte, float>(flat.bytes);

    /// <summary>Copies the moving average into another module of the same layout.</summary>
    internal void CopyAverageTo(nn.Module target)
    {
        if (Layout(target) != _layout) throw new FreeMaskException("The averaged weights belong to a network of another shape.");
        CopyDown(_average, [.. target.parameters()]);
    }

    /// <summary>Writes weights, moments, average, the module's buffers and the step (atomically).</summary>
    internal void Save(string path)
    {
        NamedTensor Named(string name, Tensor tensor) => NamedTensor.FromSingles(name, [tensor.numel()], Span(tensor));
        NamedTensor Buffer(string name, Tensor tensor) => tensor.dtype == ScalarType.Int64
            ? NamedTensor.FromInt64s(BufferPrefix + name, tensor.shape, tensor.data<long>().ToArray())
            : NamedTensor.FromSingles(BufferPrefix + name, tensor.shape, tensor.data<float>().ToArray());
        new SafetensorsFile(
            [
                Named("weights", _weights), Named("moment1", _moment1), Named("moment2", _moment2), Named("average", _average),
                .. _module.named_buffers().Select(entry => Buffer(entry.name, entry.buffer)),
            ],
            new Dictionary<string, string> { ["step"] = Step.ToString(CultureInfo.InvariantCulture), ["layout"] = _layout }).Save(path);
    }

    /// <summary>Continues from a checkpoint.</summary>
    /// <exception cref="FreeMaskException">The file belongs to a network of another shape.</exception>
    internal void Load(string path)
    {
        var file = SafetensorsFile.Load(path);
        if (file.Metadata.GetValueOrDefault("layout") != _layout)
            throw new FreeMaskException($"{path} belongs to a network of another shape; use another work folder or delete it.");
        Step = int.Parse(file.Metadata["step"], CultureInfo.InvariantCulture);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        _weights.copy_(tensor(file["weights"].ToSingles()));
        _moment1.copy_(tensor(file["moment1"].ToSingles()));
        _moment2.copy_(tensor(file["moment2"].ToSingles()));
        _average.copy_(tensor(file["average"].ToSingles()));
        foreach (var (name, buffer) in _module.named_buffers())
        {
            var stored = file[BufferPrefix + name];
            buffer.copy_((buffer.dtype == ScalarType.Int64 ? tensor(stored.ToInt64s()) : tensor(stored.ToSingles())).reshape(buffer.shape));
        }

        CopyDown(_weights, _parameters);
    }

    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[_weights, _moment1, _moment2, _average, _decayed]) tensor.Dispose();
    }

    private static void CopyDown(Tensor flat, IReadOnlyList<Parameter> parameters)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        long at = 0;
        foreach (var parameter in parameters)
        {
            parameter.copy_(flat.narrow(0, at, parameter.numel()).view(parameter.shape));
            at += parameter.numel();
        }
    }

    private static string Layout(nn.Module module)
    {
        var text = string.Join(';', module.named_parameters().Select(p => $"{p.name}:{string.Join('x', p.parameter.shape)}"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
