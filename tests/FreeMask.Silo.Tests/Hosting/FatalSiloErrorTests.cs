using System.Net;
using FreeMask.Hosting.Silos;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

public sealed class FatalSiloErrorTests
{
    private static readonly SiloAddress Self = SiloAddress.New(IPAddress.Loopback, 21111, 154762299);

    [Theory]
    [InlineData(
        "I have been told I am dead: classifies this silo as Dead. Membership: [SiloAddress=S127.0.0.1:21111:154762884 Si]",
        "clock has been set back"
    )]
    [InlineData(
        "I have been told I am dead: classifies this silo as Dead. Membership: [SiloAddress=S127.0.0.1:21111:154762299 Si, "
            + "S127.0.0.1:21112:154762884]",
        "declared it dead"
    )]
    [InlineData(
        "I have been told I am dead: classifies this silo as Dead. Membership: [SiloAddress=S127.0.0.1:21111:154762001 Si]",
        "declared it dead"
    )]
    [InlineData("something else\nwith a stack", "The silo ends: something else")]
    public void A_fatal_error_is_one_line_that_says_what_to_do(string message, string expected)
    {
        var line = FatalSiloError.Explain(null, new OrleansException(message), Self);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }
}
