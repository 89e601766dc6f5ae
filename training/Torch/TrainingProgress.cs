namespace FreeMask.Training.Torch;

/// <summary>How far a training is.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">All steps.</param>
/// <param name="Loss">Loss of the last step.</param>
/// <param name="LearningRate">Learning rate of the last step.</param>
/// <param name="Seconds">Seconds since this process began or resumed the training.</param>
internal sealed record TrainingProgress(int Step, int Steps, double Loss, double LearningRate, double Seconds);
