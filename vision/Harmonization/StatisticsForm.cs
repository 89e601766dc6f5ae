using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Vision.Harmonization;

/// <summary>
/// The form that FreeMask trains unless told otherwise: from the planes of <see cref="HarmonizerFeatures"/> ("object" [n, 4, 64, 64]) the
/// model predicts how the object's mean and deviation of L, a, b differ from what they should be, and how sure it is ("change" [n, 12]:
/// six changes, then the logarithms of their variances, in units of <see cref="Units"/>; the deviations as logarithms of a factor).
/// </summary>
/// <param name="caution">See <see cref="HarmonizerConfig.Caution"/>.</param>
internal sealed class StatisticsForm(double caution) : IHarmonizerForm
{
    /// <summary>The form's name.</summary>
    internal const string Word = "statistics";

    /// <summary>The model's input.</summary>
    internal const string Input = "object";

    /// <summary>The model's output.</summary>
    internal const string Output = "change";

    /// <summary>Numbers of the output.</summary>
    internal const int Numbers = 12;

    /// <summary>What the predicted changes are multiplied by: L, a, b of the mean, then logarithms of factors of the deviation.</summary>
    internal static IReadOnlyList<double> Units { get; } = [12, 7, 9, 0.3, 0.3, 0.3];

    /// <summary>The mean squared difference of sRGB levels per squared unit of L, a, b, near the middle of the gamut.</summary>
    internal static IReadOnlyList<double> LevelsPerUnit { get; } = [6.2, 2.7, 1.6];

    // A factor outside of this range is a mistake.
    private const double MostFactor = 2;

    /// <inheritdoc/>
    public string Name => Word;

    /// <inheritdoc/>
    public IReadOnlyList<IHarmonizerChange> Predict(OnnxSession session, IReadOnlyList<HarmonizerInput> inputs)
    {
        var planes = FloatTensor.Zeros(inputs.Count, HarmonizerFeatures.Planes, HarmonizerFeatures.Side, HarmonizerFeatures.Side);
        for (var i = 0; i < inputs.Count; i++)
        {
            var (part, share) = HarmonizerFeatures.Crop(inputs[i].Image, inputs[i].Share);
            HarmonizerFeatures.Fill(part, share, planes.Row(i));
        }

        var output = session.Run(new Dictionary<string, FloatTensor> { [Input] = planes }, Output)[0];
        if (output.Values.Length != inputs.Count * Numbers)
            throw new FreeMaskException(
                $"{session.Path} gave {output.Values.Length} numbers for {inputs.Count} objects; {Numbers} each are expected."
            );
        FiniteValues.RequireNumbers(output.Values, session.Path, "changes");
        return [.. Enumerable.Range(0, inputs.Count).Select(i => new Change(output.Row(i).ToArray(), caution))];
    }

    /// <summary>How much of a predicted change is made.</summary>
    /// <param name="change">The output for one object.</param>
    /// <param name="caution">See <see cref="HarmonizerConfig.Caution"/>.</param>
    internal static double Gate(ReadOnlySpan<float> change, double caution)
    {
        double size = 0, noise = 0;
        for (var c = 0; c < 3; c++)
        {
            var squared = Units[c] * Units[c] * LevelsPerUnit[c];
            var part = squared * change[c] * change[c];
            size += part;
            noise += squared * part * Math.Exp(change[6 + c]);
        }

        return size <= 0 ? 0 : Math.Clamp(2 * (1 - (caution * Math.Sqrt(noise) / size)), 0, 1);
    }

    private sealed class Change(float[] output, double caution) : IHarmonizerChange
    {
        public HarmonizedObject Paint(RgbImage image, HarmonizerInput input, double strength)
        {
            var gate = Gate(output, caution) * strength;
            double Shift(int c) => gate * Units[c] * output[c];
            double Factor(int c) => Math.Clamp(Math.Exp(gate * Units[3 + c] * output[3 + c]), 1 / MostFactor, MostFactor);
            var lab = LabColor.FromRgb(input.Image);
            var share = input.Share.Values;
            var inside = LabStatistics.Of(lab, i => share[i] > 0.5f);
            var transfer = new LabTransfer(
                inside,
                (inside.Mean.L + Shift(0), inside.Mean.A + Shift(1), inside.Mean.B + Shift(2)),
                (Factor(0), Factor(1), Factor(2))
            );
            if (gate > 0) transfer.Paint(image, lab, i => share[i]);
            var distance = Math.Sqrt(Enumerable.Range(0, 3).Sum(c => Math.Pow(output[c], 2)));
            return new HarmonizedObject(0, distance, gate, Shift(0), Shift(1), Shift(2));
        }
    }
}
