using System.Text.Json;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Json;
using Xunit;

namespace FreeMask.Vision.Tests;

public sealed class PythonJsonTests
{
    [Fact]
    public void Infinities_NaN_and_a_byte_order_mark_are_read()
    {
        using var json = JsonDocument.Parse(
            PythonJson.Mend([
                .. "\uFEFF"u8,
                .. """{"a": -Infinity, "b": [Infinity, 1], "c": NaN, "d": "NaN \" -Infinity \\", "e":Infinity}"""u8,
            ])
        );
        var root = json.RootElement;
        Assert.Equal(double.NegativeInfinity, root.GetProperty("a").GetDouble());
        Assert.Equal(double.PositiveInfinity, root.GetProperty("b")[0].GetDouble());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("c").ValueKind);
        Assert.Equal("NaN \" -Infinity \\", root.GetProperty("d").GetString());
        Assert.Equal(double.PositiveInfinity, root.GetProperty("e").GetDouble());
    }

    [Theory]
    [InlineData("{\"a\": Infinit}")]
    [InlineData("{\"a\": \"")]
    [InlineData("{\"a\": \"\\")]
    [InlineData("{\"a\": infinity}")]
    public void What_is_no_JSON_stays_none(string text) => Assert.ThrowsAny<JsonException>(() => JsonDocument.Parse(PythonJson.Mend(text)));

    [Fact]
    public void A_scheduler_of_DPM_Solver_is_read_as_diffusers_writes_it()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            folder["scheduler_config.json"],
            """
            {"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver++", "beta_schedule": "scaled_linear",
             "beta_start": 0.00085, "beta_end": 0.012,
             "final_sigmas_type": "zero", "lambda_min_clipped": -Infinity, "solver_order": 2, "solver_type": "midpoint", "steps_offset": 1,
             "use_karras_sigmas": true, "variance_type": null}
            """
        );
        var config = SchedulerConfig.Load(folder["scheduler_config.json"]);
        Assert.Equal((SchedulerKind.DpmSolverMultistep, true, 1), (config.Kind, config.KarrasSigmas, config.StepsOffset));
    }
}
