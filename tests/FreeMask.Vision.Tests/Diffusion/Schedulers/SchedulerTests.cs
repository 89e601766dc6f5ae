using System.Text.Json;
using FreeMask.Diffusion.Pipelines;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Onnx;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion.Schedulers;

/// <summary>
/// Trajectories with a fake model: of diffusers' own scheduler files (golden_schedulers.json, its note says which), and of published
/// formulas (golden_samplers.json, made by make_golden_samplers.py).
/// </summary>
public sealed class SchedulerTests
{
    private const float NoiseValue = 0.5f;

    private static readonly string[] Names =
    [
        "ddim_leading_off1",
        "ddim_v_trailing",
        "pndm_skip_prk_off1",
        "euler_linspace",
        "euler_leading_off1",
        "euler_trailing",
        "euler_karras",
        "euler_a_linspace(noise=0.5)",
        "dpmpp2m_linspace",
        "dpmpp2m_karras",
        "dpmpp2m_leading_off1",
        "lcm4(noise=0.5)",
        "heun",
        "heun_leading_off1",
        "lms",
        "unipc_bh2",
        "unipc_bh1",
        "unipc_two_steps",
        "dpm_order1",
        "dpm_heun",
        "dpm_smallest",
        "dpm_smallest_many",
        "deis_order2",
        "deis_order2_many",
        "deis_order1",
        "tcd4",
    ];

    // In this process's memory, and as a device does it: in double precision, and in single precision where it has no other.
    public static MatrixTheoryData<string, string> Paths => new(Names, ["host", "device", "device without double"]);

    [Theory]
    [MemberData(nameof(Paths))]
    public void Trajectory_equals_the_reference(string name, string path)
    {
        var golden = Golden(name);
        var timesteps = Floats(golden.GetProperty("timesteps"));
        var config = Config(name);
        var scheduler = config.Create(config.Kind switch
        {
            SchedulerKind.Pndm => timesteps.Length - 1,
            SchedulerKind.Heun => (timesteps.Length + 1) / 2,
            _ => timesteps.Length,
        });

        AssertClose(timesteps, scheduler.Timesteps, 2e-3f);
        AssertClose(Floats(golden.GetProperty("sigmas")), scheduler.Sigmas, 1e-5f);
        Assert.Equal(golden.GetProperty("init_sigma").GetSingle(), scheduler.InitNoiseSigma, 1e-4f);

        float[] start = [.. new[] { 1f, -0.5f, 0.25f, 2f }.Select(v => v * scheduler.InitNoiseSigma)];
        using var model = StepModel(path == "device" ? OnnxGraphBuilder.Double : OnnxGraphBuilder.Float);
        using var bound = new IoBindingSteps(model, scheduler, new(start, 1, 1, 2, 2));
        var host = new CpuSteps();
        float[] latent = [.. start];
        var trajectory = golden.GetProperty("trajectory");
        for (var step = 0; step < timesteps.Length; step++)
        {
            var at = scheduler.StepAt(step);
            var input = new float[4];
            CpuSteps.ScaleInput(at, latent, input);
            float[] output = [.. input.Select(v => (float)Math.Sin((1.3f * v) + (scheduler.Timesteps[step] / 1000f)))];
            float[] noise = at.NeedsNoise ? [NoiseValue, NoiseValue, NoiseValue, NoiseValue] : [];
            if (path == "host") host.Make(at, output, latent, noise);
            else latent = Make(bound, step, output, noise);
            AssertClose(Floats(trajectory[step]), latent, 2e-4f);
        }
    }

    [Theory]
    [InlineData(SchedulerKind.Ddim)]
    [InlineData(SchedulerKind.Lcm)]
    public void Clean_latents_are_clamped_where_the_settings_say_so(SchedulerKind kind)
    {
        var scheduler = new SchedulerConfig
        {
            Kind = kind,
            ClipSample = true,
            Prediction = PredictionType.Sample,
            SetAlphaToOne = true,
        }.Create(1);
        using var model = StepModel(OnnxGraphBuilder.Double);
        float[] start = [0, 0, 0, 0], output = [3, -3, 0.5f, 0];
        using var bound = new IoBindingSteps(model, scheduler, new([.. start], 1, 1, 2, 2));
        var latent = Make(bound, 0, output, []);
        AssertClose([1, -1, 0.5f, 0], latent, 1e-3f);
        new CpuSteps().Make(scheduler.StepAt(0), output, start, []);
        Assert.Equal(start, latent);
    }

    [Fact]
    public void Settings_are_read_as_diffusers_means_them()
    {
        using var json = JsonDocument.Parse(
            """{"_class_name":"PNDMScheduler","beta_schedule":"scaled_linear","beta_start":0.00085,"beta_end":0.012"""
                + ""","steps_offset":1,"set_alpha_to_one":false,"skip_prk_steps":true}"""
        );
        var own = SchedulerConfig.Parse(json.RootElement, "test");
        Assert.Equal(SchedulerKind.Pndm, own.Kind);
        Assert.Equal((TimestepSpacing.Leading, 1, false), (own.Spacing, own.StepsOffset, own.SetAlphaToOne));
        var other = SchedulerConfig.Parse(json.RootElement, "test", SchedulerKind.Euler);
        Assert.Equal((SchedulerKind.Euler, TimestepSpacing.Linspace, 1), (other.Kind, other.Spacing, other.StepsOffset));
    }

    [Theory]
    [InlineData("""{"_class_name":"KDPM2DiscreteScheduler"}""", "KDPM2DiscreteScheduler")]
    [InlineData("""{"_class_name":"DDIMScheduler","trained_betas":[0.1]}""", "trained_betas")]
    [InlineData("""{"_class_name":"PNDMScheduler"}""", "skip_prk_steps")]
    [InlineData("""{"_class_name":"PNDMScheduler","skip_prk_steps":false}""", "skip_prk_steps")]
    [InlineData("""{"_class_name":"EulerDiscreteScheduler","interpolation_type":"log_linear"}""", "interpolation_type log_linear")]
    [InlineData("""{"_class_name":"EulerDiscreteScheduler","timestep_type":"continuous"}""", "timestep_type continuous")]
    [InlineData("""{"_class_name":"EulerDiscreteScheduler","use_karras_sigmas":true,"sigma_max":10}""", "sigma_max")]
    [InlineData("""{"_class_name":"EulerDiscreteScheduler","use_beta_sigmas":true}""", "use_beta_sigmas")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","solver_order":3}""", "solver_order 3")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","algorithm_type":"sde-dpmsolver++"}""", "algorithm_type sde-dpmsolver++")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","variance_type":"learned_range"}""", "variance_type learned_range")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","lambda_min_clipped":-1}""", "lambda_min_clipped")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","final_sigmas_type":"other"}""", "final_sigmas_type other")]
    [InlineData("""{"_class_name":"DPMSolverMultistepScheduler","use_lu_lambdas":true}""", "use_lu_lambdas")]
    [InlineData("""{"_class_name":"UniPCMultistepScheduler","solver_order":3}""", "solver_order 3")]
    [InlineData("""{"_class_name":"UniPCMultistepScheduler","predict_x0":false}""", "predict_x0 false")]
    [InlineData("""{"_class_name":"UniPCMultistepScheduler","disable_corrector":[0]}""", "disable_corrector")]
    [InlineData("""{"_class_name":"UniPCMultistepScheduler","use_flow_sigmas":true}""", "use_flow_sigmas")]
    [InlineData("""{"_class_name":"DEISMultistepScheduler","solver_order":3}""", "solver_order 3")]
    [InlineData("""{"_class_name":"LMSDiscreteScheduler","use_beta_sigmas":true}""", "use_beta_sigmas")]
    [InlineData("""{"_class_name":"DDIMScheduler","beta_schedule":"squaredcos_cap_v2"}""", "squaredcos_cap_v2")]
    [InlineData("""{"_class_name":"DDIMScheduler","thresholding":true}""", "thresholding")]
    public void What_is_missing_is_named(string text, string expected)
    {
        using var json = JsonDocument.Parse(text);
        var error = Assert.Throws<FreeMaskException>(() => SchedulerConfig.Parse(json.RootElement, "scheduler_config.json"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("scheduler_config.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_class_is_no_fault_where_a_sampler_is_chosen_and_the_advice_can_be_followed()
    {
        using var json = JsonDocument.Parse(
            """{"_class_name":"KDPM2DiscreteScheduler","beta_schedule":"scaled_linear","beta_start":0.00085,"beta_end":0.012"""
                + ""","prediction_type":"v_prediction","steps_offset":1,"solver_order":3}"""
        );
        var file = new SchedulerFile(json.RootElement, "scheduler_config.json");
        var advice = Assert.Throws<FreeMaskException>(() => file.Own).Message;
        foreach (var name in SchedulerFile.SamplerNames)
        {
            Assert.Contains(name, advice, StringComparison.Ordinal);
            var config = file.Under(name);
            Assert.Equal((PredictionType.Velocity, 1, 0.012), (config.Prediction, config.StepsOffset, config.BetaEnd));
            Assert.NotEmpty(config.Create(4).Timesteps);
        }

        Assert.Contains("there are ddim", Assert.Throws<FreeMaskException>(() => file.Under("dpm++")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ddim", TimestepSpacing.Leading)]
    [InlineData("pndm", TimestepSpacing.Leading)]
    [InlineData("euler", TimestepSpacing.Linspace)]
    [InlineData("euler-ancestral", TimestepSpacing.Linspace)]
    [InlineData("dpm++2m", TimestepSpacing.Linspace)]
    [InlineData("dpm++2m-karras", TimestepSpacing.Linspace)]
    [InlineData("lcm", TimestepSpacing.Leading)]
    [InlineData("tcd", TimestepSpacing.Leading)]
    [InlineData("heun", TimestepSpacing.Linspace)]
    [InlineData("lms", TimestepSpacing.Linspace)]
    [InlineData("deis", TimestepSpacing.Linspace)]
    [InlineData("unipc", TimestepSpacing.Linspace)]
    public void A_chosen_sampler_has_the_defaults_of_its_own_class(string name, TimestepSpacing spacing)
    {
        // As Stable Diffusion 1's configuration, which states no spacing.
        using var json = JsonDocument.Parse(
            """{"_class_name":"PNDMScheduler","beta_schedule":"scaled_linear","beta_start":0.00085,"beta_end":0.012"""
                + ""","steps_offset":1,"skip_prk_steps":true,"use_karras_sigmas":true,"set_alpha_to_one":false}"""
        );
        var config = new SchedulerFile(json.RootElement, "test").Under(name);
        Assert.Equal((spacing, 1, name == "dpm++2m-karras"), (config.Spacing, config.StepsOffset, config.KarrasSigmas));
        // Leading, five steps: 801 ... 1. Evenly spaced: 999 ... 0.
        var timesteps = config.Create(5).Timesteps;
        Assert.Equal(spacing == TimestepSpacing.Linspace || name is "lcm" or "tcd" ? 999 : 801, timesteps[0]);
        Assert.Equal(
            config with
            {
                ClipSample = false,
            },
            SchedulerConfig.Parse(
                JsonDocument
                    .Parse(
                        $$"""{"_class_name":"PNDMScheduler","beta_schedule":"scaled_linear","beta_start":0.00085,"beta_end":0.012"""
                            + $$""","steps_offset":1"""
                            + $$""","skip_prk_steps":true,"use_karras_sigmas":{{(name == "dpm++2m-karras" ? "true" : "false")}}"""
                            + ""","set_alpha_to_one":false}"""
                    )
                    .RootElement,
                "test",
                config.Kind
            ) with
            {
                ClipSample = false,
            }
        );
    }

    [Fact]
    public void PNDM_has_no_setting_for_zero_terminal_signal()
    {
        using var json = JsonDocument.Parse(
            """{"_class_name":"PNDMScheduler","skip_prk_steps":true,"rescale_betas_zero_snr":true,"thresholding":true}"""
        );
        Assert.False(SchedulerConfig.Parse(json.RootElement, "test").RescaleZeroTerminalSnr);
        Assert.True(SchedulerConfig.Parse(json.RootElement, "test", SchedulerKind.EulerAncestral).RescaleZeroTerminalSnr);
    }

    [Fact]
    public void Zero_terminal_signal_removes_it()
    {
        var schedule = new NoiseSchedule(new() { Kind = SchedulerKind.Ddim, RescaleZeroTerminalSnr = true });
        Assert.Equal(0, schedule[999], 1e-7);
        Assert.Equal(0.99914998, schedule[0], 1e-6);
    }

    private static OnnxSession StepModel(int arithmetic) =>
        OnnxSession.FromBytes(
            SchedulerStepGraph.Write(OnnxGraphBuilder.Float, OnnxGraphBuilder.Float, arithmetic, guided: false, rescaled: false),
            "step",
            new() { Threads = 1 }
        );

    private static float[] Make(IoBindingSteps steps, int step, float[] output, float[] noise)
    {
        using var prediction = OrtValue.CreateTensorValueFromMemory(output, [1, 1, 2, 2]);
        steps.Make(step, prediction, noise)?.Dispose();
        return steps.Latents.Values;
    }

    private static SchedulerConfig Config(string name)
    {
        var kind = name.Split('_', '(')[0] switch
        {
            "ddim" => SchedulerKind.Ddim,
            "pndm" => SchedulerKind.Pndm,
            "euler" => name.StartsWith("euler_a", StringComparison.Ordinal) ? SchedulerKind.EulerAncestral : SchedulerKind.Euler,
            "lcm4" => SchedulerKind.Lcm,
            "heun" => SchedulerKind.Heun,
            "lms" => SchedulerKind.Lms,
            "unipc" => SchedulerKind.UniPc,
            "tcd4" => SchedulerKind.Tcd,
            "deis" => SchedulerKind.Deis,
            _ => SchedulerKind.DpmSolverMultistep,
        };
        return new()
        {
            Kind = kind,
            Spacing =
                name.Contains("trailing") ? TimestepSpacing.Trailing
                : name.Contains("off1") || kind == SchedulerKind.Lcm ? TimestepSpacing.Leading
                : TimestepSpacing.Linspace,
            StepsOffset = name.Contains("off1") ? 1 : 0,
            Prediction = name.Contains("_v_") ? PredictionType.Velocity : PredictionType.Epsilon,
            KarrasSigmas = name.Contains("karras"),
            SetAlphaToOne = kind == SchedulerKind.Lcm || name.Contains("_v_"),
            SolverOrder = name.Contains("order1") ? 1 : 2,
            SolverHeun = name is "dpm_heun" or "dpm_smallest_many",
            SolverBh1 = name == "unipc_bh1",
            EndsAtSmallestSigma = name.Contains("smallest"),
        };
    }

    private static void AssertClose(IReadOnlyList<float> expected, IReadOnlyList<float> actual, float tolerance)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++) Assert.Equal(expected[i], actual[i], tolerance * Math.Max(1, Math.Abs(expected[i])));
    }

    private static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetSingle())];

    private static JsonElement Golden(string name)
    {
        JsonElement Read(string file) =>
            JsonDocument
                .Parse(
                    File.ReadAllText(
                        Path.Combine(Fixtures.RepositoryRoot, "tests", "FreeMask.Vision.Tests", "Diffusion", "Schedulers", file)
                    )
                )
                .RootElement.GetProperty("schedulers");
        return Read("golden_schedulers.json").TryGetProperty(name, out var found) ? found : Read("golden_samplers.json").GetProperty(name);
    }
}
