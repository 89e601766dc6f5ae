using System.Text.Json;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Vision.Tests;
using Xunit;

namespace FreeMask.Cli.Tests.Verbs;

public sealed class SegmenterConformanceVerbTests : IDisposable
{
    private readonly TestProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task A_Mask2Former_folder_is_recognised_and_compared()
    {
        var folder = Fixtures.Path("mask2former", "swin");
        Assert.Equal(0, await _process.RunAsync(["models", "conformance", folder, "--golden", folder, "--json"]));
        var rows = JsonDocument.Parse(_process.Out).RootElement.GetProperty("rows").EnumerateArray().ToArray();
        Assert.All(
            rows,
            row => Assert.True(row.GetProperty("difference").GetDouble() <= row.GetProperty("tolerance").GetDouble(), row.GetRawText())
        );
        Assert.Contains(rows, row => row.GetProperty("quantity").GetString() == "a masks queries logits");
    }

    [Fact]
    public async Task Data_of_another_model_fail_the_comparison() =>
        Assert.Equal(
            1,
            await _process.RunAsync([
                "models",
                "conformance",
                Fixtures.Path("mask2former", "swin"),
                "--golden",
                Fixtures.Path("mask2former", "resnet"),
            ])
        );
}
