using System.Globalization;
using FreeMask.Tensors;

namespace FreeMask.Vision.Affinity;

/// <summary>
/// The head of AffinityNet (Ahn and Kwak, CVPR 2018): e_k = ELU(R_k f_k) for each level of features, e = ELU(M [e_0; e_1; ...]); R_k and M
/// are 1x1 convolutions without bias. Levels of other sizes are resized (bilinear) to the last one's before they are joined.
/// </summary>
internal sealed class AffinityHead
{
    private readonly NamedTensor[] _tensors;
    private readonly float[][] _reduce;
    private readonly float[] _merge;

    private AffinityHead(NamedTensor[] reduce, NamedTensor merge)
    {
        _tensors = [.. reduce, merge];
        (Inputs, Widths) = ([.. reduce.Select(t => (int)t.Shape[1])], [.. reduce.Select(t => (int)t.Shape[0])]);
        _reduce = [.. reduce.Select(t => t.ToSingles())];
        _merge = merge.ToSingles();
        Channels = (int)merge.Shape[0];
    }

    /// <summary>Channels of each level of features.</summary>
    public IReadOnlyList<int> Inputs { get; }

    /// <summary>Channels of each level after its reduction.</summary>
    public IReadOnlyList<int> Widths { get; }

    /// <summary>Channels of the embedding.</summary>
    public int Channels { get; }

    /// <summary>The weights under their names, without a prefix.</summary>
    public IReadOnlyList<NamedTensor> Tensors => _tensors;

    /// <summary>Takes the weights <c>reduce.0.weight</c>, <c>reduce.1.weight</c> ... and <c>merge.weight</c>, each [out, in, 1,
    /// 1].</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">What their names begin with.</param>
    /// <exception cref="FreeMaskException">A tensor is missing or does not fit the others.</exception>
    public static AffinityHead FromTensors(SafetensorsFile file, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(file);
        var reduce = new List<NamedTensor>();
        while (file.TryGet(string.Create(CultureInfo.InvariantCulture, $"{prefix}reduce.{reduce.Count}.weight"), out var tensor))
            reduce.Add(tensor! with { Name = tensor.Name[prefix.Length..] });
        if (reduce.Count == 0)
            throw new FreeMaskException($"The file has no tensor named {prefix}reduce.0.weight; it holds no affinity head.");
        var merge = file[prefix + "merge.weight"] with { Name = "merge.weight" };
        foreach (var tensor in reduce.Append(merge))
            if (tensor.Shape is not [> 0, > 0, 1, 1])
                throw new FreeMaskException(
                    $"Tensor {tensor.Name} of the affinity head is [{string.Join(',', tensor.Shape)}]; [out, in, 1, 1] is expected."
                );
        var joined = reduce.Sum(t => t.Shape[0]);
        if (merge.Shape[1] != joined)
            throw new FreeMaskException(
                $"Tensor {merge.Name} of the affinity head takes {merge.Shape[1]} channels, but its levels give {joined}."
            );
        return new AffinityHead([.. reduce], merge);
    }

    /// <summary>Embeds the cells of a grid.</summary>
    /// <param name="levels">One map of features a level; the last one's grid is the result's.</param>
    /// <exception cref="ArgumentException">The levels are not those of the head.</exception>
    public FeatureMap Embed(IReadOnlyList<FeatureMap> levels)
    {
        ArgumentNullException.ThrowIfNull(levels);
        if (!levels.Select(l => l.Channels).SequenceEqual(Inputs))
            throw new ArgumentException(
                $"The levels have [{string.Join(',', levels.Select(l => l.Channels))}] channels; the head takes "
                    + $"[{string.Join(',', Inputs)}].",
                nameof(levels)
            );
        var (width, height) = (levels[^1].Width, levels[^1].Height);
        var joined = new FeatureMap(Widths.Sum(), width, height, new float[Widths.Sum() * width * height]);
        for (int k = 0, at = 0; k < levels.Count; at += Widths[k++] * joined.Cells)
            Project(levels[k], _reduce[k], Widths[k]).Resize(width, height).Values.CopyTo(joined.Values.AsSpan(at));
        return Project(joined, _merge, Channels);
    }

    // ELU(W f).
    private static FeatureMap Project(FeatureMap input, float[] weight, int outputs)
    {
        var result = new FeatureMap(outputs, input.Width, input.Height, new float[outputs * input.Cells]);
        for (var o = 0; o < outputs; o++)
        {
            var plane = result.Plane(o);
            for (var i = 0; i < input.Channels; i++) VectorMath.AddScaled(plane, input.Plane(i), weight[(o * input.Channels) + i]);
            foreach (ref var value in plane)
                if (value < 0) value = MathF.Exp(value) - 1;
        }

        return result;
    }
}
