namespace FreeMask.Training.Mini.Stages;

/// <summary>Linear warm-up, a plateau, then one cosine down to a hundredth of the peak; a function of the step alone.</summary>
/// <param name="Peak">Largest rate.</param>
/// <param name="WarmUp">Steps of the warm-up.</param>
/// <param name="Plateau">Share of all steps before the cosine begins.</param>
internal sealed record LearningRateSchedule(double Peak, int WarmUp, double Plateau)
{
    private const double Floor = 0.01;

    internal double At(int step, int total)
    {
        var progress = Math.Clamp(((step / (double)total) - Plateau) / (1 - Plateau), 0, 1);
        return Peak * Math.Min(1, (step + 1.0) / WarmUp) * (Floor + ((1 - Floor) * (0.5 + (0.5 * Math.Cos(Math.PI * progress)))));
    }
}
