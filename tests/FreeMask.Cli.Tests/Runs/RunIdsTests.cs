using FreeMask.Cli.Runs;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

public sealed class RunIdsTests
{
    [Theory]
    [InlineData("quickstart", "quickstart")]
    [InlineData("My first run!", "my-first-run")]
    [InlineData("a/b\\..", "a-b")]
    [InlineData("Äpfel 2", "apfel-2")]
    [InlineData("Größe", "grosse")]
    [InlineData("Ærø, Łódź", "aero-lodz")]
    [InlineData("犬と猫", "run")]
    [InlineData("犬 2", "2")]
    public void An_id_is_the_name_made_fit_for_a_folder(string name, string expected) => Assert.Equal(expected, RunIds.Next(name, []));

    [Fact]
    public void A_taken_id_gets_the_next_number() => Assert.Equal("a-3", RunIds.Next("a", ["a", "a-2"]));
}
