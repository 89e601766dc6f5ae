using FreeMask.Diffusion.Attention;
using FreeMask.Onnx;
using FreeMask.Onnx.Proto;
using FreeMask.Tensors;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace FreeMask.Diffusion.Models;

/// <summary>A U-Net session with its capture outputs.</summary>
internal sealed record CapturingUNet(OnnxSession Session, AttentionCapture Capture);

/// <summary>What the U-Net's file says about its inputs, and its sessions: one for each choice of captured self-attention grids, made when
/// first needed.</summary>
internal sealed class UNetSessions : IDisposable
{
    private static readonly HashSet<string> KnownInputs = ["timestep", "text_embeds", "time_ids", "timestep_cond"];

    private readonly OnnxGraph _graph;
    private readonly OnnxSessionOptions _options;
    private readonly UNetPorts _ports;
    private readonly Dictionary<string, CapturingUNet> _sessions = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    internal UNetSessions(OnnxGraph graph, OnnxSessionOptions options)
    {
        _graph = graph;
        _options = options;
        _ports = UNetPorts.Of(graph);
        ModelFiles.RequireWeights(graph);
        foreach (var input in graph.Inputs)
            if (!KnownInputs.Contains(input.Name) && input.Name != _ports.Latent && input.Name != _ports.Text)
                throw new FreeMaskException(
                    $"{graph.Path} needs the input {input.Name}, which FreeMask does not know; it gives sample, timestep, "
                        + "encoder_hidden_states, text_embeds, time_ids and timestep_cond."
                );
        if (Find("timestep") is null) throw new FreeMaskException($"{graph.Path} has no input timestep.");
        Modules = AttentionFinder.Find(graph);
        LargestFactor = (int)Math.Round(new SpatialFactors(graph, _ports.Latent).Largest);
    }

    internal string Path => _graph.Path;

    internal OnnxGraph Graph => _graph;

    internal string LatentInput => _ports.Latent;

    internal string TextInput => _ports.Text;

    internal IReadOnlyList<AttentionModule> Modules { get; }

    internal int LargestFactor { get; }

    internal bool HasPooledText => Find("text_embeds") is not null;

    /// <summary>The number of rows that every call must have; null where it is free.</summary>
    internal int? FixedRows => FixedDimension(Find(_ports.Latent)!, 0);

    /// <summary>The sides in latent cells that every call must have; null where they are free.</summary>
    internal int? FixedHeight => FixedDimension(Find(_ports.Latent)!, 2);

    /// <inheritdoc cref="FixedHeight" />
    internal int? FixedWidth => FixedDimension(Find(_ports.Latent)!, 3);

    /// <summary>The number of tokens that a text must have; null where it is free.</summary>
    internal int? FixedTokens => FixedDimension(Find(_ports.Text)!, 1);

    internal int? GuidanceWidth => Find("timestep_cond") is { } port ? FixedDimension(port, 1) ?? 256 : null;

    /// <summary>The output that carries the prediction.</summary>
    internal string PredictionOutput => _graph.Outputs.FirstOrDefault(o => o.Name == "out_sample")?.Name ?? _graph.Outputs[0].Name;

    /// <summary>Element types of the latent and of the prediction, by ONNX's numbers.</summary>
    internal int LatentType => Find(_ports.Latent)!.Type.TensorType.ElemType;

    internal int PredictionType => _graph.Outputs.First(o => o.Name == PredictionOutput).Type.TensorType.ElemType;

    internal int? TextWidth => FixedDimension(Find(_ports.Text)!, 2);

    internal int LatentChannels => FixedDimension(Find(_ports.Latent)!, 1) ?? FixedDimension(_graph.Outputs[0], 1) ?? 4;

    internal bool IntegerTimestep =>
        Find("timestep")!.Type.TensorType.ElemType is (int)TensorElementType.Int64 or (int)TensorElementType.Int32;

    /// <summary>The timestep as the file wants it: a scalar, one value, or one a batch row.</summary>
    internal FloatTensor Timestep(float value, int batch)
    {
        var port = Find("timestep")!;
        if (port.Type.TensorType.Shape is not { Dim.Count: > 0 }) return FloatTensor.Scalar(value);
        var count = FixedDimension(port, 0) ?? batch;
        var values = new float[count];
        Array.Fill(values, value);
        return new(values, count);
    }

    /// <summary>The session whose capture holds self-attention at these factors (see <see cref="AttentionModule.Factor"/>), averaged per
    /// grid.</summary>
    internal CapturingUNet For(IReadOnlyList<int> selfFactors)
    {
        var key = string.Join(',', selfFactors);
        lock (_lock)
        {
            if (_sessions.TryGetValue(key, out var known)) return known;
            var groups = selfFactors.Select(f =>
                (IReadOnlyList<AttentionModule>)[.. Modules.Where(m => m.Kind == AttentionKind.Self && m.Factor == f)]
            );
            return _sessions[key] = Make(groups);
        }
    }

    /// <summary>A session whose capture holds every self-attention module by itself; the caller disposes of it.</summary>
    internal CapturingUNet WithEveryModule() =>
        Make(Modules.Where(m => m.Kind == AttentionKind.Self).Select(m => (IReadOnlyList<AttentionModule>)[m]));

    /// <summary>The factors of the two largest self-attention grids whose shorter side is at most <paramref name="limit"/>.</summary>
    internal IReadOnlyList<int> SelfFactors(int latentWidth, int latentHeight, int limit) =>
    [
        .. Modules.Where(m => m.Kind == AttentionKind.Self && m.Obstacle is null).Select(m => m.Factor).Distinct().Order()
            .Where(f => (Math.Min(latentWidth, latentHeight) + f - 1) / f <= limit).Take(2),
    ];

    public void Dispose()
    {
        foreach (var (session, _) in _sessions.Values) session.Dispose();
        _sessions.Clear();
    }

    private CapturingUNet Make(IEnumerable<IReadOnlyList<AttentionModule>> selfGroups)
    {
        var capture = AttentionCapture.Build(_graph, Modules, selfGroups);
        return new(OnnxSession.Load(_graph.Path, _options, capture.Appendix), capture);
    }

    private ValueInfoProto? Find(string name) => _graph.Inputs.FirstOrDefault(i => i.Name == name);

    private static int? FixedDimension(ValueInfoProto port, int index)
    {
        var dimensions = port.Type?.TensorType?.Shape?.Dim;
        return dimensions is not null && dimensions.Count > index && dimensions[index].DimValue > 0
            ? (int)dimensions[index].DimValue
            : null;
    }
}
