using FreeMask.Hosting.Configuration;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

public sealed class SiloArgumentsTests
{
    [Fact]
    public void Configuration_files_and_settings_are_separated()
    {
        var arguments = SiloArguments.Parse([
            "--config",
            "a.json",
            "--FreeMask:Roles=worker",
            "--config=b.json",
            "--urls",
            "http://127.0.0.1:1",
            "--Orleans:Name=x=y",
            "--OTEL_SERVICE_NAME=a",
        ]);
        Assert.Equal(["a.json", "b.json"], arguments.ConfigFiles);
        Assert.Equal(
            ["--FreeMask:Roles=worker", "--urls=http://127.0.0.1:1", "--Orleans:Name=x=y", "--OTEL_SERVICE_NAME=a"],
            arguments.Settings
        );
        Assert.False(arguments.Help);
    }

    [Theory]
    [InlineData("run", "'run' is not understood")]
    [InlineData("--config", "--config needs the name of a file")]
    [InlineData("--FreeMask:Roles", "--FreeMask:Roles needs a value")]
    [InlineData("--Freemsk:Roles=worker", "--Freemsk:Roles is not a setting: keys begin with FreeMask, Orleans,")]
    [InlineData("--Test:Journal=x", "--Test:Journal is not a setting")]
    public void What_nobody_would_read_is_refused(string argument, string expected)
    {
        var refused = Assert.Throws<FreeMaskException>(() => SiloArguments.Parse(["--Orleans:Name=a", argument]));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_program_has_sections_of_its_own() =>
        Assert.Equal(["--Test:Journal=x"], SiloArguments.Parse(["--Test:Journal=x"], "Test").Settings);

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public void Help_is_asked_for(string argument) => Assert.True(SiloArguments.Parse([argument]).Help);
}
