namespace FreeMask.Diffusion.Schedulers;

/// <summary>Makes a sampler's steps on arrays. An instance remembers the vectors of one batch.</summary>
internal sealed class CpuSteps
{
    private readonly List<float[]> _memory = [];

    /// <summary>Writes the model's input.</summary>
    internal static void ScaleInput(SchedulerStep step, ReadOnlySpan<float> latent, Span<float> input)
    {
        for (var i = 0; i < latent.Length; i++) input[i] = (float)(latent[i] * step.InputScale);
    }

    /// <summary>Replaces the latent by that of the next step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="output">What the model predicted, after guidance.</param>
    /// <param name="latent">The latent, changed in place.</param>
    /// <param name="noise">Standard normal noise where the step needs it, otherwise empty.</param>
    internal void Make(SchedulerStep step, ReadOnlySpan<float> output, Span<float> latent, ReadOnlySpan<float> noise)
    {
        float[] estimate = [];
        if (step.Estimate != default)
        {
            var unrounded = Sum(step.Estimate, latent, output, [], []);
            estimate = Array.ConvertAll(unrounded, v => (float)Math.Clamp(v, -step.Limit, step.Limit));
        }

        var next = Sum(step.Next, latent, output, estimate, noise);
        if (step.Remembers.HasFlag(StepMemory.Latent)) Remember(latent.ToArray());
        if (step.Remembers.HasFlag(StepMemory.Output)) Remember(output.ToArray());
        if (step.Remembers.HasFlag(StepMemory.Estimate)) Remember(estimate);
        for (var i = 0; i < latent.Length; i++) latent[i] = (float)next[i];
    }

    private double[] Sum(
        StepWeights weights,
        ReadOnlySpan<float> latent,
        ReadOnlySpan<float> output,
        ReadOnlySpan<float> estimate,
        ReadOnlySpan<float> noise
    )
    {
        var sum = new double[latent.Length];
        Add(sum, weights.Latent, latent);
        Add(sum, weights.Output, output);
        Add(sum, weights.Estimate, estimate);
        Add(sum, weights.Newest, History(0));
        Add(sum, weights.Second, History(1));
        Add(sum, weights.Third, History(2));
        if (weights.Change != 0) Add(sum, weights.Change, Change(estimate, History(0)));
        Add(sum, weights.Noise, noise);
        return sum;
    }

    private static float[] Change(ReadOnlySpan<float> estimate, ReadOnlySpan<float> before)
    {
        var change = new float[estimate.Length];
        for (var i = 0; i < change.Length; i++) change[i] = estimate[i] - before[i];
        return change;
    }

    private ReadOnlySpan<float> History(int index) => index < _memory.Count ? _memory[index] : [];

    private void Remember(float[] values)
    {
        _memory.Insert(0, values);
        if (_memory.Count > SchedulerStep.MemoryLength) _memory.RemoveAt(SchedulerStep.MemoryLength);
    }

    private static void Add(double[] sum, double weight, ReadOnlySpan<float> values)
    {
        if (weight == 0) return;
        for (var i = 0; i < sum.Length; i++) sum[i] += weight * values[i];
    }
}
