using FreeMask.Vision.Attention;
using FreeMask.Vision.Onnx;
using FreeMask.Vision.Onnx.Attention;

namespace FreeMask.Vision.Diffusion;

/// <summary>The U-Net calls of one batch: guidance in one batch of twice the size (text-free rows first), capture of the rows that see the prompt.</summary>
internal sealed class UNetRun
{
    private readonly DiffusionBundle _bundle;
    private readonly IReadOnlyList<GenerationJob> _jobs;
    private readonly bool _guided;
    private readonly CapturingUNet _unet;
    private readonly Conditioning _conditioning;
    private readonly FloatTensor _columns;
    private readonly AttentionAccumulator[] _accumulators;
    private readonly string[] _outputs;

    internal UNetRun(DiffusionBundle bundle, IReadOnlyList<GenerationJob> jobs, bool guided, IReadOnlyList<int> selfFactors)
    {
        _bundle = bundle;
        _jobs = jobs;
        _guided = guided;
        _unet = bundle.UNet.For(selfFactors);
        TextEmbedding[] rows = [.. guided ? jobs.Select(j => j.Negative) : [], .. jobs.Select(j => j.Prompt)];
        float[] guidance = [.. guided ? jobs.Select(j => j.Guidance) : [], .. jobs.Select(j => j.Guidance)];
        _conditioning = new(bundle, rows, jobs[0].Request.Width!.Value, jobs[0].Request.Height!.Value, guidance);
        _columns = CaptureColumns.Of(jobs);
        _accumulators = [.. jobs.Select(j => new AttentionAccumulator(j.Request.Classes, j.Shape.LatentWidth, j.Shape.LatentHeight, _unet.Capture))];
        _outputs = [OutputName(_unet.Session), .. _unet.Capture.Cross.Select(c => c.Output), .. _unet.Capture.Self.Select(s => s.Output)];
    }

    /// <summary>One call.</summary>
    /// <param name="latents">[n, channels, height, width], scaled for the model.</param>
    /// <param name="timestep">The timestep.</param>
    /// <param name="captures">Whether its attention is added to the records.</param>
    /// <returns>The prediction after guidance, [n, channels, height, width].</returns>
    internal FloatTensor Predict(FloatTensor latents, float timestep, bool captures)
    {
        var count = _jobs.Count;
        var batch = _guided ? 2 * count : count;
        var inputs = _conditioning.Inputs;
        inputs[_bundle.UNet.LatentInput] = _guided ? Twice(latents) : latents;
        inputs["timestep"] = _bundle.UNet.Timestep(timestep, batch);
        inputs[AttentionCapture.RowsInput] = captures ? new([.. Enumerable.Range(batch - count, count).Select(i => (float)i)], count) : new([], 0);
        inputs[AttentionCapture.ColumnsInput] = captures ? _columns : FloatTensor.Zeros(0, _columns.Shape[1], _columns.Shape[2]);
        var outputs = _unet.Session.Run(inputs, captures ? _outputs : [_outputs[0]]);
        if (captures) Accumulate(outputs);
        return _guided ? Guided(outputs[0]) : outputs[0];
    }

    /// <summary>What was captured, one record an image.</summary>
    internal IReadOnlyList<AttentionRecord> Records() => [.. _accumulators.Select(a => a.Finish())];

    private void Accumulate(IReadOnlyList<FloatTensor> outputs)
    {
        FloatTensor[] maps = [.. outputs.Skip(1)];
        var cross = _unet.Capture.Cross.Count;
        for (var i = 0; i < _accumulators.Length; i++) _accumulators[i].Add(i, maps.AsSpan(0, cross), maps.AsSpan(cross));
    }

    private FloatTensor Guided(FloatTensor both)
    {
        var count = _jobs.Count;
        var result = FloatTensor.Zeros([count, .. both.Shape.Skip(1)]);
        for (var i = 0; i < count; i++)
            Guidance.Apply(both.Row(i), both.Row(count + i), _jobs[i].Guidance, _jobs[i].Request.GuidanceRescale, result.Row(i));
        return result;
    }

    private static FloatTensor Twice(FloatTensor latents) => new([.. latents.Values, .. latents.Values], [2 * latents.Shape[0], .. latents.Shape.Skip(1)]);

    private static string OutputName(OnnxSession session) => session.Outputs.FirstOrDefault(o => o.Name == "out_sample")?.Name ?? session.Outputs[0].Name;
}
