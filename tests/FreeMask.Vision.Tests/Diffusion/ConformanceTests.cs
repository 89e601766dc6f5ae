using FreeMask.Diffusion.Conformance;
using FreeMask.Diffusion.Inspection;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>Every runnable export, every run of its reference: predictions, latents, each attention map, class maps, images.</summary>
public sealed class ConformanceTests
{
    [Theory]
    [MemberData(nameof(CaptureTests.Folders), MemberType = typeof(CaptureTests))]
    public void Every_quantity_is_within_its_tolerance(string folder)
    {
        var golden = new Golden(folder);
        var reference = Fixtures.Path("sd", "golden", golden.Json.GetProperty("model").GetString()!);
        var report = BundleConformance.Measure(
            golden.Folder,
            reference,
            new() { Session = new() { Threads = 1 } },
            TestContext.Current.CancellationToken
        );
        foreach (
            var kind in report
                .Rows.Where(r => r.Note is null)
                .GroupBy(r => string.Join(' ', r.Quantity.Split(' ').Where(w => !w.Any(char.IsDigit) && w.Length > 1)))
        )
            TestContext.Current.SendDiagnosticMessage(
                $"{folder}: {kind.Key} {kind.Count()} values, worst {kind.Max(r => r.Difference):0.0e+0}"
            );
        var failed = report.Rows.Where(r => !r.Passed).ToArray();
        Assert.True(failed.Length == 0, $"{failed.Length} of {report.Rows.Count}: {string.Join("\n", failed.Take(12))}");
        Assert.Contains(report.Rows, r => r.Quantity.Contains("self-attention", StringComparison.Ordinal));
        Assert.Contains(report.Rows, r => r.Quantity.Contains("class map dog", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sd15-legacy", "legacy", "Stable Diffusion 1", "float", 32)]
    [InlineData("sd15-fp16", "legacy", "Stable Diffusion 1", "float16", 32)]
    [InlineData("sd15-optimum", "optimum", "Stable Diffusion 1", "float", 32)]
    [InlineData("sd15-dynamo23", "dynamo", "Stable Diffusion 1", "float", 32)]
    [InlineData("sd15-ort-fused", "olive", "Stable Diffusion 1", "float", 32)]
    [InlineData("sd2-optimum", "optimum", "Stable Diffusion 2 (or another model that predicts velocity)", "float", 32)]
    [InlineData("turbo-optimum", "optimum", "Stable Diffusion Turbo", "float", 20)]
    [InlineData("xl-optimum", "optimum", "Stable Diffusion XL", "float", 44)]
    [InlineData("lcm-optimum", "optimum", "latent consistency model", "float", 20)]
    public void Inspection_tells_what_an_export_is(string folder, string layout, string family, string precision, int modules)
    {
        var inspection = BundleInspection.Inspect(Fixtures.Path("sd", folder));
        Assert.Equal(
            (layout, family, precision, modules),
            (inspection.Layout, inspection.Family, inspection.Precision, inspection.Modules.Count)
        );
        Assert.Null(inspection.Problem);
        Assert.Contains(inspection.Modules, m => m is { Kind: "cross", Captured: true });
        Assert.Contains(inspection.Modules, m => m is { Kind: "self", Captured: true, Width: 32 });
    }
}
