using System.Text.Json;
using FreeMask.Cli.Tests.Terminal;
using Xunit;

namespace FreeMask.Cli.Tests.Verbs;

/// <summary>Verbs that need no engine: help, completion, open, logs.</summary>
public sealed class EverydayVerbTests : IDisposable
{
    private readonly TestProcess _process = new() { OpenEngine = (_, _, _) => throw new InvalidOperationException("No engine is needed.") };

    public void Dispose() => _process.Dispose();

    [Theory]
    [InlineData("statsu", "There is no verb 'statsu'. Did you mean 'status'?")]
    [InlineData("status --jsn", "There is no option '--jsn' here. Did you mean '--json'?")]
    [InlineData("export pets --ou x", "There is no option '--ou' here. Did you mean '--out'?")]
    [InlineData("models lst", "There is no verb 'lst'. Did you mean 'list'?")]
    [InlineData("models pull a b --varaint=fp16", "There is no option '--varaint=fp16' here. Did you mean '--variant'?")]
    [InlineData("help modles", "There is no verb 'modles'. Did you mean 'models'?")]
    [InlineData("run a.yaml b.yaml", "'b.yaml' is one word too many.")]
    public async Task A_misspelt_word_gets_a_suggestion(string arguments, string expected)
    {
        Assert.Equal(2, await _process.RunAsync(arguments));
        Assert.Equal(expected, _process.Error.Split('\n')[0].TrimEnd());
        Assert.DoesNotContain("Required command", _process.Error, StringComparison.Ordinal);
        Assert.Empty(_process.Out);
    }

    [Fact]
    public async Task Help_is_a_verb_too()
    {
        Assert.Equal(0, await _process.RunAsync("help models pull"));
        Assert.Contains("--variant", _process.Out, StringComparison.Ordinal);
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync("help"));
        Assert.Contains("completion", _process.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_of_a_run_is_opened_by_its_id_or_because_it_is_the_newest()
    {
        Assert.Equal(2, await _process.RunAsync("open"));
        foreach (var (run, day) in new[] { ("cats", 2), ("dogs", 1) })
        {
            var report = Path.Combine(Directory.CreateDirectory(_process.Folder.Path("data", "runs", run)).FullName, "report.html");
            await File.WriteAllTextAsync(report, "", TestContext.Current.CancellationToken);
            File.SetLastWriteTimeUtc(report, DateTime.UnixEpoch.AddDays(day));
        }

        Directory.CreateDirectory(_process.Folder.Path("data", "runs", "new"));
        Assert.Equal(0, await _process.RunAsync("open"));
        Assert.Equal(0, await _process.RunAsync("open dogs"));
        Assert.Equal(["cats", "dogs"], _process.Opened.Select(path => Path.GetFileName(Path.GetDirectoryName(path)!)));
        Assert.Equal(2, await _process.RunAsync("open new"));
        Assert.Contains("'freemask report new' writes one", _process.Error, StringComparison.Ordinal);
        Assert.Equal(2, await _process.RunAsync("open cast"));
        Assert.Contains("Did you mean 'cats'?", _process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_shows_documents_the_path_is_enough()
    {
        using var process = new TestProcess { CanOpen = false };
        var report = Path.Combine(Directory.CreateDirectory(process.Folder.Path("data", "runs", "cats")).FullName, "report.html");
        await File.WriteAllTextAsync(report, "", TestContext.Current.CancellationToken);

        Assert.Equal(0, await process.RunAsync("open --json"));
        var document = JsonDocument.Parse(process.Out).RootElement;
        Assert.Equal((report, false), (document.GetProperty("report").GetString(), document.GetProperty("opened").GetBoolean()));
    }

    [Fact]
    public async Task Logs_shows_the_end_of_a_runs_log()
    {
        Assert.Equal(2, await _process.RunAsync("logs"));
        Directory.CreateDirectory(_process.Folder.Path("data", "logs"));
        Directory.CreateDirectory(_process.Folder.Path("data", "runs", "cats"));
        await File.WriteAllLinesAsync(
            _process.Folder.Path("data", "logs", "cats.log.1"),
            ["one", "two"],
            TestContext.Current.CancellationToken
        );
        await File.WriteAllLinesAsync(_process.Folder.Path("data", "logs", "cats.log"), ["three"], TestContext.Current.CancellationToken);

        Assert.Equal(0, await _process.RunAsync("logs cats --lines 2"));
        Assert.Equal(["two", "three"], _process.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        _process.Clear();
        Assert.Equal(0, await _process.RunAsync("logs --json"));
        Assert.Equal(3, JsonDocument.Parse(_process.Out).RootElement.GetProperty("lines").GetArrayLength());
        Assert.Equal(2, await _process.RunAsync("logs cast"));
        Assert.Contains("Did you mean 'cats'?", _process.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash", "share/bash-completion/completions/freemask")]
    [InlineData("zsh", "share/zsh/site-functions/_freemask")]
    [InlineData("fish", "config/fish/completions/freemask.fish")]
    public async Task A_completion_is_written_to_where_the_shell_looks(string shell, string path)
    {
        _process.Variables["XDG_DATA_HOME"] = _process.Folder.Path("share");
        _process.Variables["XDG_CONFIG_HOME"] = _process.Folder.Path("config");

        Assert.Equal(0, await _process.RunAsync(["completion", shell]));
        var script = _process.Out;
        Assert.Equal(0, await _process.RunAsync(["completion", shell, "--install"]));
        Assert.Equal(script, await File.ReadAllTextAsync(_process.Folder.Path(path.Split('/')), TestContext.Current.CancellationToken));
        Assert.Contains("[suggest:", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_completions_ask_is_answered_with_verbs_options_and_runs()
    {
        Directory.CreateDirectory(_process.Folder.Path("elsewhere", "runs", "cats"));
        string[] Lines() => _process.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        await _process.RunAsync(["[suggest:11]", "freemask st"]);
        Assert.Contains("status", Lines());
        _process.Clear();
        await _process.RunAsync(["[suggest:20]", "freemask export --fo"]);
        Assert.Equal(["--format"], Lines());
        _process.Clear();
        var line = $"freemask report --data {_process.Folder.Path("elsewhere")} ca";
        await _process.RunAsync([$"[suggest:{line.Length}]", line]);
        Assert.Contains("cats", Lines());
        Assert.Equal(2, await _process.RunAsync("completion csh"));
        Assert.Equal(2, await _process.RunAsync("completion powershell --install"));
    }
}
