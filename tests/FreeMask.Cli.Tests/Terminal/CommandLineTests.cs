using System.Text.Json;
using Xunit;

namespace FreeMask.Cli.Tests.Terminal;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--help", 0)]
    [InlineData("", 2)]
    public async Task Help_goes_to_standard_output(string arguments, int expected)
    {
        using var process = new TestProcess();

        Assert.Equal(expected, await process.RunAsync(arguments));
        Assert.Contains("doctor", process.Out, StringComparison.Ordinal);
        Assert.Empty(process.Error);
    }

    [Fact]
    public async Task A_verb_that_does_not_exist_is_bad_input_and_says_what_is_near()
    {
        using var process = new TestProcess();

        Assert.Equal(2, await process.RunAsync("docter"));
        Assert.Contains("'docter'", process.Error, StringComparison.Ordinal);
        Assert.Contains("'freemask --help'", process.Error, StringComparison.Ordinal);
        Assert.Empty(process.Out);
    }

    [Fact]
    public async Task With_json_even_bad_arguments_end_in_one_document()
    {
        using var process = new TestProcess();

        Assert.Equal(2, await process.RunAsync("doctor --jsn --json"));
        Assert.Contains("--jsn", JsonDocument.Parse(process.Out).RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("export", "pets", "--out", "")]
    [InlineData("run", "")]
    [InlineData("train", "segmenter", "--dataset", "", "--out", "x")]
    public async Task An_empty_argument_is_bad_input(params string[] arguments)
    {
        using var process = new TestProcess();

        Assert.Equal(2, await process.RunAsync(arguments));
        Assert.Contains("is empty", process.Error, StringComparison.Ordinal);
    }
}
