using FreeMask.Dashboard.Reports;
using Xunit;

namespace FreeMask.Dashboard.Tests.Reports;

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
        File.WriteAllText(Path.Combine(_folder, "report.html"), "outside");
        var reports = new ReportDirectory(_folder);

        Assert.Equal("a", Assert.Single(reports.List()).Run);
        Assert.Equal(path, reports.Find("a"));
        Assert.Null(reports.Find("b"));
        Assert.Null(reports.Find(".."));
        Assert.Null(reports.Find("../runs/a"));
    }

    [Fact]
    public void Without_a_folder_there_are_no_reports() => Assert.Empty(new ReportDirectory(null).List());
}
