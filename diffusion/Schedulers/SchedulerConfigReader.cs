using System.Text.Json;
using FreeMask.Json;

namespace FreeMask.Diffusion.Schedulers;

/// <summary>
/// Reads diffusers' scheduler settings. What a class has no setting for it does not read, as in diffusers; of what it has, everything is
/// honoured, or refused by name.
/// </summary>
internal static class SchedulerConfigReader
{
    private const double UsualFirstBeta = 0.0001, UsualLastBeta = 0.02, LatentFirstBeta = 0.00085, LatentLastBeta = 0.012;

    /// <summary>Settings as a class means them.</summary>
    /// <exception cref="FreeMaskException">They ask for something that FreeMask does not have.</exception>
    internal static SchedulerConfig Read(JsonElement json, string origin, SchedulerKind kind)
    {
        Refuse(json, origin, kind);
        return ReadNoise(json, origin, kind) with
        {
            Kind = kind,
            Spacing = (json.Text("timestep_spacing") ?? (IsLinspace(kind) ? "linspace" : "leading")) switch
            {
                "leading" => TimestepSpacing.Leading,
                "trailing" => TimestepSpacing.Trailing,
                "linspace" => TimestepSpacing.Linspace,
                var other => throw new FreeMaskException(
                    $"{origin} has the timestep_spacing {other}; FreeMask has leading, trailing and linspace."
                ),
            },
            StepsOffset = (int)(json.Number("steps_offset") ?? 0),
            SetAlphaToOne = json.Flag("set_alpha_to_one") ?? kind != SchedulerKind.Pndm,
            ClipSample = kind is SchedulerKind.Ddim or SchedulerKind.Lcm && (json.Flag("clip_sample") ?? kind == SchedulerKind.Ddim),
            KarrasSigmas = HasKarras(kind) && (json.Flag("use_karras_sigmas") ?? false),
            SolverOrder = (int)(json.Number("solver_order") ?? 2),
            SolverHeun = json.Text("solver_type") == "heun",
            SolverBh1 = json.Text("solver_type") == "bh1",
            EndsAtSmallestSigma = json.Text("final_sigmas_type") == "sigma_min",
            LowerOrderFinal = json.Flag("lower_order_final") ?? true,
            EulerAtFinal = json.Flag("euler_at_final") ?? false,
            LcmOriginalSteps = (int)(json.Number("original_inference_steps") ?? 50),
            LcmTimestepScaling = json.Number("timestep_scaling") ?? 10,
        };
    }

    /// <summary>The noise of training alone, whatever the class.</summary>
    /// <exception cref="FreeMaskException">FreeMask does not have it.</exception>
    internal static SchedulerConfig ReadNoise(JsonElement json, string origin, SchedulerKind? kind = null)
    {
        var own = kind ?? SamplerTable.ByClass(json.Text("_class_name") ?? "");
        // Where the file does not say, classes that were made for latent diffusion have its noise, the older ones that of pixels.
        var (isLatent, isScaled) = (
            own is SchedulerKind.Lcm or SchedulerKind.Tcd or SchedulerKind.Heun,
            own is SchedulerKind.Lcm or SchedulerKind.Tcd
        );
        if (IsSet(json, "trained_betas")) throw Unknown(origin, "trained_betas");
        return new()
        {
            Kind = kind ?? SchedulerKind.Ddim,
            TrainTimesteps = (int)(json.Number("num_train_timesteps") ?? 1000),
            BetaStart = json.Number("beta_start") ?? (isLatent ? LatentFirstBeta : UsualFirstBeta),
            BetaEnd = json.Number("beta_end") ?? (isLatent ? LatentLastBeta : UsualLastBeta),
            ScaledLinear = (json.Text("beta_schedule") ?? (isScaled ? "scaled_linear" : "linear")) switch
            {
                "scaled_linear" => true,
                "linear" => false,
                var other => throw new FreeMaskException($"{origin} has the beta_schedule {other}; FreeMask has linear and scaled_linear."),
            },
            Prediction = (json.Text("prediction_type") ?? "epsilon") switch
            {
                "epsilon" => PredictionType.Epsilon,
                "v_prediction" => PredictionType.Velocity,
                "sample" => PredictionType.Sample,
                var other => throw new FreeMaskException(
                    $"{origin} has the prediction_type {other}; FreeMask has epsilon, v_prediction and sample."
                ),
            },
            // These classes have no such setting.
            RescaleZeroTerminalSnr =
                kind is not (SchedulerKind.Pndm or SchedulerKind.Heun or SchedulerKind.Lms or SchedulerKind.Deis)
                && (json.Flag("rescale_betas_zero_snr") ?? false),
        };
    }

    private static bool IsLinspace(SchedulerKind kind) =>
        kind
            is SchedulerKind.Euler
                or SchedulerKind.EulerAncestral
                or SchedulerKind.DpmSolverMultistep
                or SchedulerKind.Heun
                or SchedulerKind.Lms
                or SchedulerKind.UniPc
                or SchedulerKind.Deis;

    private static bool HasKarras(SchedulerKind kind) =>
        kind
            is SchedulerKind.Euler
                or SchedulerKind.DpmSolverMultistep
                or SchedulerKind.Heun
                or SchedulerKind.Lms
                or SchedulerKind.UniPc
                or SchedulerKind.Deis;

    private static void Refuse(JsonElement json, string origin, SchedulerKind kind)
    {
        foreach (var setting in FlagsOf(kind))
            if (IsSet(json, setting)) throw Unknown(origin, setting);
        switch (kind)
        {
            case SchedulerKind.Pndm when json.Flag("skip_prk_steps") != true:
                throw new FreeMaskException(
                    $"{origin} asks for Runge-Kutta steps (skip_prk_steps is not true), which FreeMask does not have; choose a sampler "
                        + "in the run file, such as pndm without them."
                );
            case SchedulerKind.Euler:
                Require(json, origin, "interpolation_type", "linear");
                Require(json, origin, "timestep_type", "discrete");
                Require(json, origin, "final_sigmas_type", "zero", "sigma_min");
                RefuseKarrasLimits(json, origin);
                break;
            case SchedulerKind.UniPc:
                Require(json, origin, "solver_type", "bh1", "bh2");
                Require(json, origin, "final_sigmas_type", "zero", "sigma_min");
                if (json.Flag("predict_x0") == false) throw Unknown(origin, "predict_x0 false");
                if (
                    json.TryGetProperty("disable_corrector", out var steps)
                    && steps.ValueKind == JsonValueKind.Array
                    && steps.GetArrayLength() > 0
                )
                    throw Unknown(origin, "disable_corrector");
                RequireOrder(json, origin);
                RefuseKarrasLimits(json, origin);
                break;
            case SchedulerKind.Deis:
                // All these mean deis and logrho there.
                Require(json, origin, "algorithm_type", "deis", "dpmsolver", "dpmsolver++");
                Require(json, origin, "solver_type", "logrho", "midpoint", "heun", "bh1", "bh2");
                RequireOrder(json, origin);
                RefuseKarrasLimits(json, origin);
                break;
            case SchedulerKind.DpmSolverMultistep:
                // DEIS's name for it in configurations that DPM-Solver takes over; bh1, bh2 and logrho likewise mean the midpoint there.
                Require(json, origin, "algorithm_type", "dpmsolver++", "deis");
                Require(json, origin, "solver_type", "midpoint", "heun", "logrho", "bh1", "bh2");
                Require(json, origin, "final_sigmas_type", "zero", "sigma_min");
                if (json.Text("variance_type") is "learned" or "learned_range")
                    throw Unknown(origin, $"variance_type {json.Text("variance_type")}");
                RequireOrder(json, origin);
                RequireFullRange(json, origin);
                break;
        }
    }

    /// <summary>Switches that a class has and FreeMask has not.</summary>
    private static string[] FlagsOf(SchedulerKind kind) => kind switch
    {
        SchedulerKind.Ddim or SchedulerKind.Lcm or SchedulerKind.Tcd => ["thresholding"],
        SchedulerKind.Euler or SchedulerKind.Heun or SchedulerKind.Lms => ["use_exponential_sigmas", "use_beta_sigmas"],
        SchedulerKind.Deis => ["thresholding", "use_exponential_sigmas", "use_beta_sigmas", "use_flow_sigmas"],
        SchedulerKind.UniPc =>
            [
                "thresholding",
                "solver_p",
                "use_exponential_sigmas",
                "use_beta_sigmas",
                "use_flow_sigmas",
                "use_dynamic_shifting",
            ],
        SchedulerKind.DpmSolverMultistep =>
            [
                "thresholding",
                "use_exponential_sigmas",
                "use_beta_sigmas",
                "use_lu_lambdas",
                "use_flow_sigmas",
            ],
        _ => [],
    };

    private static void RequireOrder(JsonElement json, string origin)
    {
        if (json.Number("solver_order") is { } order and not (1 or 2)) throw Unknown(origin, $"solver_order {order}");
    }

    private static void RefuseKarrasLimits(JsonElement json, string origin)
    {
        if (json.Flag("use_karras_sigmas") == true && (IsSet(json, "sigma_min") || IsSet(json, "sigma_max")))
            throw Unknown(origin, "sigma_min or sigma_max");
    }

    private static void Require(JsonElement json, string origin, string setting, params string[] known)
    {
        if (json.Text(setting) is { } value && !known.Contains(value)) throw Unknown(origin, $"{setting} {value}");
    }

    /// <summary>DPM-Solver leaves out timesteps whose lambda, log(alpha) - log(sigma), lies below a limit; usually there is none.</summary>
    private static void RequireFullRange(JsonElement json, string origin)
    {
        if (json.Number("lambda_min_clipped") is not { } limit || double.IsNegativeInfinity(limit)) return;
        var lowest = -Math.Log(new NoiseSchedule(ReadNoise(json, origin, SchedulerKind.DpmSolverMultistep)).Sigmas()[^1]);
        if (limit > lowest) throw Unknown(origin, $"a lambda_min_clipped of {limit}, which leaves out timesteps");
    }

    private static bool IsSet(JsonElement json, string setting) =>
        json.TryGetProperty(setting, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False);

    private static FreeMaskException Unknown(string origin, string setting) =>
        new($"{origin} sets {setting}, which FreeMask does not have; choose another sampler with generation.scheduler in the run file.");
}
