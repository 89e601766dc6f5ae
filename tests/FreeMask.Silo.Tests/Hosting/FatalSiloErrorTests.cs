using FreeMask.Silo.Hosting;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

public sealed class FatalSiloErrorTests
{
    [Theory]
    [InlineData("Detected newer version of myself - I am the older so I will stop -- Current Me=S127.0.0.1:1", "clock has been set back")]
    [InlineData("I should be Dead according to membership table (in RefreshFromSnapshot). Local entry: declared dead", "declared it dead")]
    [InlineData("something else\nwith a stack", "The silo ends: something else")]
    public void A_fatal_error_is_one_line_that_says_what_to_do(string message, string expected)
    {
        var line = FatalSiloError.Explain("startup", new OrleansException(message));
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }
}
