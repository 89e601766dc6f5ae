using System.Text;
using FreeMask.Cli.Terminal;
using Xunit;

namespace FreeMask.Cli.Tests.Terminal;

public sealed class GuardedWriterTests
{
    [Fact]
    public async Task A_result_that_cannot_be_written_is_a_failure_and_no_crash()
    {
        using var process = new TestProcess { OutWriter = new GuardedWriter(() => new FullStream()) };

        Assert.Equal(1, await process.RunAsync("models list --json"));
        Assert.Contains("could not be written to standard output: No space left", process.Error, StringComparison.Ordinal);
        Assert.Equal(1, await process.RunAsync("--help"));
    }

    [Fact]
    public void A_stream_that_is_closed_from_the_start_takes_everything()
    {
        using var writer = new GuardedWriter(() => throw new UnauthorizedAccessException("closed"));
        writer.WriteLine("a line");
        writer.Flush();
        Assert.IsType<UnauthorizedAccessException>(writer.Failure);
    }

    private sealed class FullStream : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new IOException("No space left on device");
    }
}
