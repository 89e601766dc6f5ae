using Xunit;

namespace FreeMask.Dashboard.Tests;

public sealed class ReportDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Only_runs_with_a_report_are_listed_and_found()
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "runs", "a")).FullName, "report.html");
        File.WriteAllText(path, "x");
        Directory.CreateDirectory(Path.Combine(_folder, "runs", "b"));
        File.WriteAllText(Path.Combine(_folder, "report.html"), "not on the shelf");
        var shelf = new ReportDirectory(_folder);

        Assert.Equal("a", Assert.Single(shelf.List()).Run);
        Assert.Equal(path, shelf.Find("a"));
        Assert.Null(shelf.Find("b"));
        Assert.Null(shelf.Find(".."));
    }

    [Fact]
    public void The_page_links_each_report_and_escapes_its_name()
    {
        var page = ReportPages.Index("data", [new StoredReport("a<b", DateTimeOffset.UnixEpoch, 1)]);

        Assert.Contains("<a href=\"/runs/a%3Cb\">a&lt;b</a>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_folder_says_how_to_get_a_report() =>
        Assert.Contains(
            "freemask report",
            ReportPages.Index("data", new ReportDirectory(Path.Combine(_folder, "nowhere")).List()),
            StringComparison.Ordinal
        );
}
