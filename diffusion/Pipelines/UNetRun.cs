using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Text;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>The U-Net calls of one batch: guidance in one batch of twice the size (text-free rows first), capture of the rows that see the
/// prompt.</summary>
internal sealed class UNetRun
{
    private readonly DiffusionBundle _bundle;
    private readonly IReadOnlyList<GenerationJob> _jobs;
    private readonly CapturingUNet _unet;
    private readonly FloatTensor _columns;
    private readonly AttentionAccumulator[] _accumulators;

    internal UNetRun(DiffusionBundle bundle, IReadOnlyList<GenerationJob> jobs, bool guided, IReadOnlyList<int> selfFactors)
    {
        _bundle = bundle;
        _jobs = jobs;
        _unet = bundle.UNet.For(selfFactors);
        Guided = guided;
        TextEmbedding[] rows = [.. guided ? jobs.Select(j => j.Negative) : [], .. jobs.Select(j => j.Prompt)];
        float[] guidance = [.. guided ? jobs.Select(j => j.Guidance) : [], .. jobs.Select(j => j.Guidance)];
        Conditioning = new UNetConditioning(bundle, rows, jobs[0].Request.Width!.Value, jobs[0].Request.Height!.Value, guidance).Inputs;
        _columns = CaptureTokenWeights.Of(jobs);
        _accumulators =
        [
            .. jobs.Select(j => new AttentionAccumulator(j.Request.Classes, j.Shape.LatentWidth, j.Shape.LatentHeight, _unet.Capture)),
        ];
        Maps = [.. _unet.Capture.Cross.Select(c => c.Output), .. _unet.Capture.Self.Select(s => s.Output)];
    }

    internal bool Guided { get; }

    internal OnnxSession Session => _unet.Session;

    internal string LatentInput => _bundle.UNet.LatentInput;

    /// <summary>The output that carries the prediction.</summary>
    internal string Prediction => _bundle.UNet.PredictionOutput;

    /// <summary>The outputs that carry attention.</summary>
    internal IReadOnlyList<string> Maps { get; }

    /// <summary>The inputs that do not change from call to call.</summary>
    internal IReadOnlyDictionary<string, FloatTensor> Conditioning { get; }

    /// <summary>Guidance scale of each image.</summary>
    internal IReadOnlyList<float> Scales => [.. _jobs.Select(j => j.Guidance)];

    /// <summary>Share of rescaling of each image.</summary>
    internal IReadOnlyList<float> Rescales => [.. _jobs.Select(j => j.Request.GuidanceRescale)];

    /// <summary>One call.</summary>
    /// <param name="latents">[n, channels, height, width], scaled for the model.</param>
    /// <param name="timestep">The timestep.</param>
    /// <param name="captures">Whether its attention is added to the records.</param>
    /// <returns>The prediction after guidance, [n, channels, height, width].</returns>
    internal FloatTensor Predict(FloatTensor latents, float timestep, bool captures)
    {
        var rows = Rows(latents);
        var inputs = new Dictionary<string, FloatTensor>(Conditioning, StringComparer.Ordinal) { [LatentInput] = rows };
        var outputs =
            _bundle.UNet.FixedRows is { } size && size != rows.Shape[0]
                ? InParts(inputs, timestep, captures, size)
                : Call(inputs, timestep, (int)rows.Shape[0], Wanted(captures), captures);
        if (captures) Accumulate([.. outputs.Skip(1)]);
        return Guided ? Guide(outputs[0]) : outputs[0];
    }

    /// <summary>A batch's tensor as the U-Net's rows: twice with guidance.</summary>
    internal FloatTensor Rows(FloatTensor latents) =>
        Guided ? new([.. latents.Values, .. latents.Values], [2 * latents.Shape[0], .. latents.Shape.Skip(1)]) : latents;

    /// <summary>The input that takes the timestep, and its value.</summary>
    internal (string Name, FloatTensor Value) Timestep(float timestep) =>
        ("timestep", _bundle.UNet.Timestep(timestep, Guided ? 2 * _jobs.Count : _jobs.Count));

    /// <summary>The inputs that say which attention is wanted.</summary>
    internal IReadOnlyDictionary<string, FloatTensor> Wanted(bool captures)
    {
        var (first, count) = (Guided ? _jobs.Count : 0, _jobs.Count);
        return new Dictionary<string, FloatTensor>
        {
            [AttentionCapture.RowsInput] = captures ? new([.. Enumerable.Range(first, count).Select(i => (float)i)], count) : new([], 0),
            [AttentionCapture.ColumnsInput] = captures ? _columns : FloatTensor.Zeros(0, _columns.Shape[1], _columns.Shape[2]),
        };
    }

    /// <summary>Adds the attention of a call: the outputs <see cref="Maps"/>.</summary>
    internal void Accumulate(FloatTensor[] maps)
    {
        var cross = _unet.Capture.Cross.Count;
        for (var i = 0; i < _accumulators.Length; i++) _accumulators[i].Add(i, maps.AsSpan(0, cross), maps.AsSpan(cross));
    }

    /// <summary>What was captured, one record an image.</summary>
    internal IReadOnlyList<AttentionRecord> Records() => [.. _accumulators.Select(a => a.Finish())];

    private IReadOnlyList<FloatTensor> Call(
        Dictionary<string, FloatTensor> inputs,
        float timestep,
        int rows,
        IReadOnlyDictionary<string, FloatTensor> wanted,
        bool captures
    )
    {
        inputs["timestep"] = _bundle.UNet.Timestep(timestep, rows);
        foreach (var (input, tensor) in wanted) inputs[input] = tensor;
        return Session.Run(inputs, captures ? [Prediction, .. Maps] : [Prediction]);
    }

    /// <summary>An export that takes a fixed number of rows is called several times; the last call is filled up with repeats.</summary>
    private List<FloatTensor> InParts(Dictionary<string, FloatTensor> inputs, float timestep, bool captures, int size)
    {
        var (total, first) = ((int)inputs[LatentInput].Shape[0], Guided ? _jobs.Count : 0);
        var calls = new List<IReadOnlyList<FloatTensor>>();
        for (var start = 0; start < total; start += size)
        {
            var part = inputs.ToDictionary(input => input.Key, input => input.Value.RowsFrom(start, size), StringComparer.Ordinal);
            int[] seen = captures ? [.. Enumerable.Range(start, Math.Min(size, total - start)).Where(row => row >= first)] : [];
            var columns = FloatTensor.Zeros(seen.Length, _columns.Shape[1], _columns.Shape[2]);
            for (var i = 0; i < seen.Length; i++) _columns.Row(seen[i] - first).CopyTo(columns.Row(i));
            var wanted = new Dictionary<string, FloatTensor>
            {
                [AttentionCapture.RowsInput] = new([.. seen.Select(row => (float)(row - start))], seen.Length),
                [AttentionCapture.ColumnsInput] = columns,
            };
            calls.Add(Call(part, timestep, size, wanted, captures));
        }

        return
        [
            .. Enumerable
                .Range(0, calls[0].Count)
                .Select(output => Join([.. calls.Select(call => call[output])], output == 0 ? total : int.MaxValue)),
        ];
    }

    /// <summary>Tensors one behind the other, up to a number of rows.</summary>
    private static FloatTensor Join(FloatTensor[] parts, int most)
    {
        var rows = (int)Math.Min(most, parts.Sum(p => p.Shape[0]));
        var result = FloatTensor.Zeros([rows, .. parts[0].Shape.Skip(1)]);
        var (values, at) = (parts.SelectMany(p => Enumerable.Range(0, (int)p.Shape[0]).Select(row => (Part: p, Row: row))), 0);
        foreach (var (part, row) in values.Take(rows)) part.Row(row).CopyTo(result.Row(at++));
        return result;
    }

    private FloatTensor Guide(FloatTensor both)
    {
        var count = _jobs.Count;
        var result = FloatTensor.Zeros([count, .. both.Shape.Skip(1)]);
        for (var i = 0; i < count; i++)
            Guidance.Apply(both.Row(i), both.Row(count + i), _jobs[i].Guidance, _jobs[i].Request.GuidanceRescale, result.Row(i));
        return result;
    }
}
