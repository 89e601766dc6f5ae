using FreeMask.Tensors;
using FreeMask.Training.Torch;
using FreeMask.Vision.Affinity;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace FreeMask.Training.Affinity;

/// <summary>The trainable form of <see cref="AffinityHead"/>, with the same names of parameters.</summary>
internal sealed class AffinityNetwork : NamedModule<Tensor[], Tensor>
{
    private readonly Convolution[] _reduce;
    private readonly Convolution _merge;

    internal AffinityNetwork(IReadOnlyList<int> channels, IReadOnlyList<int> widths) : base(nameof(AffinityNetwork))
    {
        _reduce = [.. channels.Zip(widths, (from, to) => new Convolution(from, to, 1, bias: false))];
        _merge = new Convolution(widths.Sum(), widths.Sum(), 1, bias: false);
        register_module("reduce", ModuleGroup.Numbered(_reduce));
        register_module("merge", _merge);
    }

    /// <summary>PSA's initial weights: He's normal by fan-in for the reductions, Glorot's uniform with gain 4 for the merge.</summary>
    internal void Initialize(ulong seed, string name)
    {
        for (var k = 0; k < _reduce.Length; k++)
            Initialization.Normal(
                _reduce[k].Weight,
                Math.Sqrt(2.0 / _reduce[k].Weight.shape[1]),
                seed,
                FormattableString.Invariant($"{name}.reduce.{k}")
            );
        Initialization.Uniform(_merge.Weight, 4 * Math.Sqrt(6.0 / (2 * _merge.Weight.shape[0])), seed, name + ".merge");
    }

    /// <summary>Takes the weights of a file, under these names after a prefix.</summary>
    internal void Import(SafetensorsFile file, string prefix)
    {
        foreach (var (name, parameter) in named_parameters()) ModuleState.Assign(parameter, file[prefix + name]);
    }

    /// <summary>The weights as the head that the mask stage uses.</summary>
    internal AffinityHead ToHead() => AffinityHead.FromTensors(new SafetensorsFile(ModuleState.Export(this)));

    /// <summary>Images of a batch [batch, channels, height, width], copied out of the tensor library.</summary>
    internal static IReadOnlyList<FeatureMap> Split(Tensor batch)
    {
        using var scope = NewDisposeScope();
        var values = batch.detach().contiguous().data<float>().ToArray();
        var (channels, height, width) = ((int)batch.shape[1], (int)batch.shape[2], (int)batch.shape[3]);
        return [.. values.Chunk(channels * height * width).Select(image => new FeatureMap(channels, width, height, image))];
    }

    /// <summary>The way back.</summary>
    internal static Tensor Join(IReadOnlyList<FeatureMap> images) =>
        tensor([.. images.SelectMany(p => p.Values)], [images.Count, images[0].Channels, images[0].Height, images[0].Width]);

    /// <summary>Embeds images.</summary>
    /// <param name="levels">One [batch, channels, height, width] a level.</param>
    /// <returns>[batch, channels, height, width] on the last level's grid.</returns>
    public override Tensor forward(Tensor[] levels)
    {
        var (height, width) = (levels[^1].shape[2], levels[^1].shape[3]);
        var parts = levels.Select((level, k) =>
        {
            var reduced = functional.elu(_reduce[k].forward(level), 1);
            return (reduced.shape[2], reduced.shape[3]) == (height, width)
                ? reduced
                : functional.interpolate(reduced, [height, width], mode: InterpolationMode.Bilinear, align_corners: false);
        });
        return functional.elu(_merge.forward(cat([.. parts], 1)), 1);
    }
}
