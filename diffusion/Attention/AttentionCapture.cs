using FreeMask.Onnx;

namespace FreeMask.Diffusion.Attention;

/// <summary>
/// Adds outputs to a U-Net that carry attention, reduced inside the graph: of the chosen batch rows, mean over heads and, for
/// cross-attention, weighted sums over tokens. The additions are bytes to append to the file; protobuf merges them into its graph (see
/// <see cref="OnnxSession.Load"/>).
/// </summary>
/// <remarks>
/// Two inputs are added: <see cref="RowsInput"/>, int64 [n], the batch rows wanted, and <see cref="ColumnsInput"/>, float [n, tokens, c],
/// for each wanted row the token weights of its c columns. With n = 0 every added tensor is empty, so a run without capture costs next to
/// nothing. A cross-attention output is [n, Q, c] = softmax(QK)[n, Q, tokens] times the columns; a self-attention output is [n, Q, Q].
/// </remarks>
internal sealed class AttentionCapture
{
    /// <summary>The added input that selects batch rows.</summary>
    public const string RowsInput = "freemask_rows";

    /// <summary>The added input that weights tokens.</summary>
    public const string ColumnsInput = "freemask_columns";

    private AttentionCapture(IReadOnlyList<CapturedModule> cross, IReadOnlyList<CapturedGrid> self, byte[] appendix)
    {
        Cross = cross;
        Self = self;
        Appendix = appendix;
    }

    /// <summary>Captured cross-attention modules, in execution order.</summary>
    public IReadOnlyList<CapturedModule> Cross { get; }

    /// <summary>Captured self-attention, one output a group.</summary>
    public IReadOnlyList<CapturedGrid> Self { get; }

    /// <summary>The bytes to append to the model file.</summary>
    public ReadOnlyMemory<byte> Appendix { get; }

    /// <summary>Builds the additions.</summary>
    /// <param name="graph">The U-Net.</param>
    /// <param name="modules">Its modules.</param>
    /// <param name="self">
    /// Groups of self-attention modules; the members of a group have the same grid, and the group's output is their mean. One-member groups
    /// give single modules.
    /// </param>
    /// <exception cref="FreeMaskException">A module cannot be captured.</exception>
    public static AttentionCapture Build(
        OnnxGraph graph,
        IReadOnlyList<AttentionModule> modules,
        IEnumerable<IReadOnlyList<AttentionModule>> self
    )
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(modules);
        var writer = new AttentionOutputWriter(graph, UNetPorts.Of(graph));
        var cross = modules
            .Where(m => m.Kind == AttentionKind.Cross)
            .Select(m => new CapturedModule(m, writer.AddCross(Capturable(graph, m))))
            .ToArray();
        var grids = self.Select(g => new CapturedGrid(g, writer.AddSelf([.. g.Select(m => Capturable(graph, m))]))).ToArray();
        return new(cross, grids, writer.Finish());
    }

    private static AttentionModule Capturable(OnnxGraph graph, AttentionModule module) =>
        module.Obstacle is null
            ? module
            : throw new FreeMaskException(
                $"Attention of {graph.Path} cannot be captured at {module.Name} ({module.Node.OpType}): {module.Obstacle}."
            );
}

/// <summary>A captured cross-attention module and the output that carries it.</summary>
internal sealed record CapturedModule(AttentionModule Module, string Output);

/// <summary>Captured self-attention modules of one grid and the output that carries their mean.</summary>
internal sealed record CapturedGrid(IReadOnlyList<AttentionModule> Modules, string Output);
