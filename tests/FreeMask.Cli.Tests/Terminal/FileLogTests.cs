using FreeMask.Cli.Terminal;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FreeMask.Cli.Tests.Terminal;

public sealed class FileLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Entries_go_to_the_run_that_they_or_those_before_them_name()
    {
        using (var log = Open())
        {
            var logger = log.CreateLogger("Grain");
            logger.LogInformation("nobody's");
            logger.LogWarning("of the machine");
            logger.LogInformation("Round {Round} is {Phase}", "cats/0", "Producing");
            logger.LogWarning("a lost artifact");
            logger.LogInformation("Run {Run} is complete", "dogs");
            logger.LogDebug("Run {Run} is in detail", "dogs");
        }

        Assert.Equal(
            ["cats.log", "dogs.log", "freemask.log"],
            Directory.EnumerateFiles(_folder.Path("data", "logs")).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Equal(["Grain: Round cats/0 is Producing", "Grain: a lost artifact"], Lines("cats.log"));
        Assert.Equal(["Grain: Run dogs is complete"], Lines("dogs.log"));
        Assert.Equal(["Grain: of the machine"], Lines("freemask.log"));
    }

    [Fact]
    public void A_process_that_has_nothing_to_say_leaves_no_file()
    {
        using (var log = Open()) log.CreateLogger("Silo").LogInformation("started");
        Assert.False(Directory.Exists(_folder.Path("data")));
    }

    [Fact]
    public void Processes_one_after_another_share_the_file_of_a_run_and_long_files_are_rotated()
    {
        for (var i = 0; i < 40; i++)
            using (var log = Open(largest: 500)) log.CreateLogger("Grain").LogInformation("Run {Run} took step {Step}", "cats", i);

        var files = new LogFiles(Data).Of("cats");
        Assert.Equal(["cats.log.2", "cats.log.1", "cats.log"], files.Select(Path.GetFileName));
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 600));
        var steps = files
            .SelectMany(File.ReadLines)
            .Select(line => int.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture))
            .ToList();
        Assert.Equal(Enumerable.Range(steps[0], steps.Count), steps);
        Assert.Equal(39, steps[^1]);
    }

    [Fact]
    public void More_is_kept_and_echoed_when_asked()
    {
        var echo = new StringWriter();
        using (var log = new FileLog(Data, TimeProvider.System, LogLevel.Debug, echo))
        {
            log.CreateLogger("Grain").LogInformation("Run {Run} goes on", "cats");
            log.CreateLogger("Device").LogDebug("a batch");
        }

        Assert.Equal(2, Lines("cats.log").Count);
        Assert.Contains("goes on", echo.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("a batch", echo.ToString(), StringComparison.Ordinal);
    }

    private DataFolder Data => new(_folder.Path("data"));

    private FileLog Open(long largest = LogFiles.LargestFile) => new(Data, TimeProvider.System, largestFile: largest);

    private List<string> Lines(string name) =>
        [
            .. File.ReadLines(_folder.Path("data", "logs", name))
                .Select(line => line[(line.IndexOf("Grain:", StringComparison.Ordinal) is var at and >= 0 ? at : 0)..]),
        ];
}
