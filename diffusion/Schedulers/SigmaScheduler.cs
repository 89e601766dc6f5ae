namespace FreeMask.Diffusion.Schedulers;

/// <summary>The frame of samplers that step through noise levels.</summary>
/// <param name="schedule">The noise of training.</param>
/// <param name="steps">Timesteps and their noise levels.</param>
internal abstract class SigmaScheduler(NoiseSchedule schedule, SigmaSteps steps) : IScheduler
{
    public virtual IReadOnlyList<float> Timesteps => Steps.Timesteps;

    public virtual IReadOnlyList<float> Sigmas => Steps.Sigmas;

    public float InitNoiseSigma => Steps.InitNoiseSigma;

    /// <summary>The noise of training.</summary>
    protected NoiseSchedule Schedule { get; } = schedule;

    /// <summary>Timesteps and their noise levels.</summary>
    protected SigmaSteps Steps { get; } = steps;

    public abstract SchedulerStep StepAt(int step);
}
