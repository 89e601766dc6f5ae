using System.Runtime.InteropServices;
using FreeMask.Tensors;
using static TorchSharp.torch;

namespace FreeMask.Training.Torch;

/// <summary>Moves the parameters and buffers of a module to and from safetensors, under their dotted names.</summary>
internal static class ModuleState
{
    /// <summary>Copies every parameter and persistent buffer.</summary>
    /// <param name="module">The module.</param>
    /// <param name="prefix">Put before every name.</param>
    internal static IEnumerable<NamedTensor> Export(nn.Module module, string prefix = "") =>
        State(module).Select(entry => ToNamed(prefix + entry.Key, entry.Value));

    /// <summary>The same without a copy: elements are copied whenever they are asked for, as they are then.</summary>
    internal static IEnumerable<NamedTensor> View(nn.Module module, string prefix = "") =>
        State(module).Select(entry => ViewOf(prefix + entry.Key, () => entry.Value, entry.Value));

    /// <summary>A float32 or int64 tensor whose elements are copied whenever they are asked for.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Gives the tensor.</param>
    /// <param name="like">A tensor of its shape and type.</param>
    internal static NamedTensor ViewOf(string name, Func<Tensor> value, Tensor like) =>
        new(
            name,
            like.dtype == ScalarType.Int64 ? "I64" : "F32",
            like.shape,
            () =>
            {
                using var scope = NewDisposeScope();
                return ToNamed(name, value()).Bytes;
            }
        );

    /// <summary>The module's state as a file that Hugging Face's <c>transformers</c> opens (metadata <c>format=pt</c>).</summary>
    internal static SafetensorsFile ToFile(nn.Module module) => new(Export(module), new Dictionary<string, string> { ["format"] = "pt" });

    /// <summary>Copies what the file holds into the module; element types are converted to float32.</summary>
    /// <param name="module">The module, whose tensors are overwritten.</param>
    /// <param name="file">The file.</param>
    /// <param name="rename">Gives the name inside the module for a name of the file; null leaves a tensor of the file out on
    /// purpose.</param>
    /// <returns>What did not fit; nothing is thrown.</returns>
    internal static StateDifference Import(nn.Module module, SafetensorsFile file, Func<string, string?>? rename = null)
    {
        var own = State(module);
        var missing = new HashSet<string>(own.Keys, StringComparer.Ordinal);
        List<string> unexpected = [], misshapen = [];
        foreach (var source in file.Tensors)
        {
            var name = rename is null ? source.Name : rename(source.Name);
            if (name is null) continue;
            if (!own.TryGetValue(name, out var target))
            {
                if (!IsDerived(name)) unexpected.Add(source.Name);
                continue;
            }

            missing.Remove(name);
            if (!target.shape.SequenceEqual(source.Shape))
            {
                misshapen.Add($"{name} is [{string.Join(',', source.Shape)}], expected [{string.Join(',', target.shape)}]");
                continue;
            }

            Assign(target, source);
        }

        missing.RemoveWhere(IsDerived);
        return new StateDifference([.. missing.Order(StringComparer.Ordinal)], [.. unexpected.Order(StringComparer.Ordinal)], misshapen);
    }

    /// <summary>Moves parameters and buffers towards those of another module of the same shape; integers become those of the
    /// other.</summary>
    /// <param name="module">The module, whose tensors are overwritten.</param>
    /// <param name="other">The other.</param>
    /// <param name="share">How far: 0 leaves everything, 1 makes it the other; in [0, 1].</param>
    internal static void Average(nn.Module module, nn.Module other, double share)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var goals = State(other);
        foreach (var (name, tensor) in State(module))
        {
            var goal = goals[name].to(tensor.device);
            tensor.copy_(
                tensor.dtype == ScalarType.Int64 ? goal : tensor.SafeMultiply(1 - share).SafeAdd(goal.SafeMultiply(share))
            );
        }
    }

    /// <summary>
    /// Parameters and buffers by name. TorchSharp registers the fields behind properties too, which holds every tensor of a module with
    /// properties again under a name of the compiler's.
    /// </summary>
    private static Dictionary<string, Tensor> State(nn.Module module) =>
        module.state_dict().Where(entry => !entry.Key.Contains('<')).ToDictionary(StringComparer.Ordinal);

    /// <summary>Whether a buffer follows from the configuration, or is a counter that nothing reads: files of other versions or frameworks
    /// lack it.</summary>
    private static bool IsDerived(string name) =>
        name.EndsWith("num_batches_tracked", StringComparison.Ordinal)
        || name.EndsWith("relative_position_index", StringComparison.Ordinal)
        || name == "criterion.empty_weight";

    /// <summary>Copies one tensor into <paramref name="target"/>, which has the same shape.</summary>
    internal static void Assign(Tensor target, NamedTensor source)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var values = target.dtype == ScalarType.Int64
            ? tensor(source.ToInt64s(), [.. source.Shape], device: CPU)
            : tensor(source.ToSingles(), [.. source.Shape], device: CPU);
        target.copy_(values);
    }

    /// <summary>Copies a float32 or int64 tensor.</summary>
    internal static NamedTensor ToNamed(string name, Tensor value)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var dense = value.detach().cpu().contiguous();
        return dense.dtype == ScalarType.Int64
            ? NamedTensor.FromInt64s(name, dense.shape, MemoryMarshal.Cast<byte, long>(dense.bytes))
            : NamedTensor.FromSingles(name, dense.shape, MemoryMarshal.Cast<byte, float>(dense.to_type(ScalarType.Float32).bytes));
    }
}

/// <summary>How a file's tensors differ from a module's.</summary>
/// <param name="Missing">Names that the module has and the file lacks.</param>
/// <param name="Unexpected">Names that the file has and the module lacks.</param>
/// <param name="Misshapen">One sentence for each tensor of another shape; it was not copied.</param>
internal sealed record StateDifference(IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<string> Misshapen)
{
    private const int Shown = 8;

    /// <summary>Fails unless the file fits exactly.</summary>
    /// <exception cref="FreeMaskException">Names the first tensors that differ.</exception>
    internal void ThrowIfAny(string origin)
    {
        var faults = new[]
        {
            Describe("is missing", Missing),
            Describe("has the unexpected", Unexpected),
            Describe("has the wrong shape:", Misshapen),
        }
            .Where(fault => fault is not null)
            .ToArray();
        if (faults.Length > 0)
            throw new FreeMaskException($"The weights of {origin} do not fit its configuration: it {string.Join("; it ", faults)}.");
    }

    private static string? Describe(string verb, IReadOnlyList<string> names) => names.Count switch
    {
        0 => null,
        <= Shown => $"{verb} {string.Join(", ", names)}",
        _ => $"{verb} {string.Join(", ", names.Take(Shown))} and {names.Count - Shown} more",
    };
}
