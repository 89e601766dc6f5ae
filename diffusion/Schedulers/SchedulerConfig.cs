using System.Text.Json;

namespace FreeMask.Diffusion.Schedulers;

/// <summary>The samplers that FreeMask has.</summary>
public enum SchedulerKind
{
    /// <summary>DDIM (Song et al. 2021), eta 0.</summary>
    Ddim,

    /// <summary>PLMS, diffusers' PNDM with skip_prk_steps (Liu et al. 2022).</summary>
    Pndm,

    /// <summary>Euler in sigma space (Karras et al. 2022, algorithm 2 without churn).</summary>
    Euler,

    /// <summary>Euler with ancestral noise (k-diffusion).</summary>
    EulerAncestral,

    /// <summary>DPM-Solver++ 2M, midpoint (Lu et al. 2022).</summary>
    DpmSolverMultistep,

    /// <summary>Latent consistency models' multistep sampling (Luo et al. 2023).</summary>
    Lcm,

    /// <summary>Heun in sigma space (Karras et al. 2022, algorithm 1 without churn): two calls a step, but for the last.</summary>
    Heun,

    /// <summary>Linear multistep of order 4 in sigma space (k-diffusion).</summary>
    Lms,

    /// <summary>UniPC of order 1 or 2 with its corrector (Zhao et al. 2023).</summary>
    UniPc,

    /// <summary>DEIS of order 1 or 2 over log(rho) (Zhang and Chen 2023).</summary>
    Deis,

    /// <summary>Trajectory consistency distillation's sampling, gamma 0.3 (Zheng et al. 2024).</summary>
    Tcd,
}

/// <summary>What the network predicts.</summary>
public enum PredictionType
{
    /// <summary>The noise.</summary>
    Epsilon,

    /// <summary>The velocity sqrt(a) noise - sqrt(1 - a) x0 (Salimans and Ho 2022).</summary>
    Velocity,

    /// <summary>The clean latent.</summary>
    Sample,
}

/// <summary>How N of T timesteps are chosen (Lin et al. 2024, table 2).</summary>
public enum TimestepSpacing
{
    /// <summary>Multiples of floor(T / N), plus the offset.</summary>
    Leading,

    /// <summary>T, T - T/N, ... minus 1.</summary>
    Trailing,

    /// <summary>Evenly from 0 to T - 1.</summary>
    Linspace,
}

/// <summary>A scheduler's settings, under the meanings that diffusers' <c>scheduler_config.json</c> gives them.</summary>
public sealed record SchedulerConfig
{
    /// <summary>The sampler.</summary>
    public required SchedulerKind Kind { get; init; }

    /// <summary>Number of training timesteps T.</summary>
    public int TrainTimesteps { get; init; } = 1000;

    /// <summary>First beta.</summary>
    public double BetaStart { get; init; } = 0.00085;

    /// <summary>Last beta.</summary>
    public double BetaEnd { get; init; } = 0.012;

    /// <summary>Whether the square roots of betas are spaced evenly (<c>scaled_linear</c>) or the betas themselves
    /// (<c>linear</c>).</summary>
    public bool ScaledLinear { get; init; } = true;

    /// <summary>What the network predicts.</summary>
    public PredictionType Prediction { get; init; }

    /// <summary>How timesteps are chosen.</summary>
    public TimestepSpacing Spacing { get; init; }

    /// <summary>Added to timesteps with leading spacing.</summary>
    public int StepsOffset { get; init; }

    /// <summary>Whether the last DDIM or PNDM step goes to alpha 1 instead of the first training alpha.</summary>
    public bool SetAlphaToOne { get; init; }

    /// <summary>Whether DDIM clamps the predicted clean latent to +-1.</summary>
    public bool ClipSample { get; init; }

    /// <summary>Whether betas are rescaled so that the last timestep holds no signal (Lin et al. 2024, algorithm 1).</summary>
    public bool RescaleZeroTerminalSnr { get; init; }

    /// <summary>Whether sigmas follow Karras et al. 2022 with rho 7 (Euler and DPM-Solver++).</summary>
    public bool KarrasSigmas { get; init; }

    /// <summary>Number of steps of the solver that an LCM or TCD was distilled from.</summary>
    public int LcmOriginalSteps { get; init; } = 50;

    /// <summary>LCM's scaling of timesteps in its boundary conditions.</summary>
    public double LcmTimestepScaling { get; init; } = 10;

    /// <summary>Order of DPM-Solver++, UniPC and DEIS: 1 or 2.</summary>
    public int SolverOrder { get; init; } = 2;

    /// <summary>Whether DPM-Solver++ of order 2 takes Heun's form instead of the midpoint's.</summary>
    public bool SolverHeun { get; init; }

    /// <summary>Whether UniPC takes B(h) = h (bh1) instead of e^h - 1 (bh2).</summary>
    public bool SolverBh1 { get; init; }

    /// <summary>Whether the last sigma is the smallest of training instead of 0 (Euler, DPM-Solver++ and UniPC).</summary>
    public bool EndsAtSmallestSigma { get; init; }

    /// <summary>Whether the last of fewer than 15 steps of DPM-Solver++ and DEIS, and the last of UniPC, is of order 1.</summary>
    public bool LowerOrderFinal { get; init; } = true;

    /// <summary>Whether the last step of DPM-Solver++ is of order 1, however many steps there are.</summary>
    public bool EulerAtFinal { get; init; }

    /// <summary>Reads a <c>scheduler_config.json</c> as its own class means it.</summary>
    /// <exception cref="FreeMaskException">The file is missing, or asks for something that FreeMask does not have.</exception>
    public static SchedulerConfig Load(string path) => SchedulerFile.Load(path).Own;

    /// <summary>Reads settings from JSON.</summary>
    /// <param name="json">The object.</param>
    /// <param name="origin">What messages call it.</param>
    /// <param name="kind">Another sampler than the one that <c>_class_name</c> states; the other settings are kept, as diffusers'
    /// <c>from_config</c> does.</param>
    /// <exception cref="FreeMaskException">They ask for something that FreeMask does not have.</exception>
    public static SchedulerConfig Parse(JsonElement json, string origin, SchedulerKind? kind = null) => kind is { } chosen
        ? SchedulerConfigReader.Read(json, origin, chosen)
        : new SchedulerFile(json, origin).Own;

    /// <summary>Makes a sampler of this configuration.</summary>
    /// <exception cref="FreeMaskException">The number of steps is not possible.</exception>
    public IScheduler Create(int steps)
    {
        var limit = Kind is SchedulerKind.Lcm or SchedulerKind.Tcd ? LcmOriginalSteps : TrainTimesteps;
        if (steps < 1 || steps > limit) throw new FreeMaskException($"{steps} sampling steps are not possible; choose 1 to {limit}.");
        var schedule = new NoiseSchedule(this);
        return Kind switch
        {
            SchedulerKind.Ddim => new DdimScheduler(this, schedule, steps),
            SchedulerKind.Pndm => new PndmScheduler(this, schedule, steps),
            SchedulerKind.Euler => new EulerScheduler(this, schedule, steps, ancestral: false),
            SchedulerKind.EulerAncestral => new EulerScheduler(this, schedule, steps, ancestral: true),
            SchedulerKind.DpmSolverMultistep => new DpmSolverMultistepScheduler(this, schedule, steps),
            SchedulerKind.Lcm => new LcmScheduler(this, schedule, steps),
            SchedulerKind.Heun => new HeunScheduler(this, schedule, steps),
            SchedulerKind.Lms => new LmsScheduler(this, schedule, steps),
            SchedulerKind.UniPc => new UniPcScheduler(this, schedule, steps),
            SchedulerKind.Deis => new DeisScheduler(this, schedule, steps),
            SchedulerKind.Tcd => new TcdScheduler(this, schedule, steps),
            _ => throw new InvalidOperationException($"no sampler for {Kind}"),
        };
    }

    /// <summary>The sampler that a diffusers class name means.</summary>
    /// <exception cref="FreeMaskException">FreeMask does not have it.</exception>
    public static SchedulerKind KindOf(string className, string origin) =>
        SamplerTable.ByClass(className)
        ?? throw new FreeMaskException(
            $"{origin} names the scheduler class {className}, which FreeMask does not have. Choose a sampler with generation.scheduler "
                + $"in the run file: {string.Join(", ", SamplerTable.Names)}."
        );
}
