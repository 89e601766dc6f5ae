using System.Runtime.CompilerServices;
using FreeMask.Cli;
using FreeMask.Cli.Verbs;
using FreeMask.Dashboard.Tests.Browser;
using Microsoft.Playwright;
using Xunit;

namespace FreeMask.Dashboard.Tests.Pages;

/// <summary>
/// Makes the images of the documents: <c>FREEMASK_UPDATE_IMAGES=FOLDER</c> names a data folder with a run of examples/quickstart.yaml, and
/// this class writes docs/images/dashboard-*.jpg.
/// </summary>
public sealed class ScreenshotTests(Chromium chromium)
{
    private const string Run = "quickstart";

    private const int LargestImage = 150_000;

    private static readonly (string Name, string Path, int Width, ColorScheme Scheme)[] Images =
    [
        ("runs", "/", 1280, ColorScheme.Light),
        ("run", $"/runs/{Run}", 1280, ColorScheme.Light),
        ("samples", $"/runs/{Run}/rounds/1/samples?size=96", 1000, ColorScheme.Light),
        ("sample", $"/runs/{Run}/rounds/1/samples/2", 1280, ColorScheme.Light),
        ("scores", $"/runs/{Run}/rounds/1", 1280, ColorScheme.Dark),
        ("compare", $"/compare?a={Run}/1&b={Run}/2", 1280, ColorScheme.Dark),
        ("cluster", "/cluster", 1280, ColorScheme.Light),
        ("export", $"/runs/{Run}/export", 1280, ColorScheme.Light),
    ];

    [Fact]
    public async Task Images_of_the_documents_are_made()
    {
        if (Environment.GetEnvironmentVariable("FREEMASK_UPDATE_IMAGES") is not { Length: > 0 } data)
        {
            Assert.Skip("FREEMASK_UPDATE_IMAGES=FOLDER, a data folder with the run 'quickstart', writes the images of the documents.");
            return;
        }

        using var stop = new CancellationTokenSource();
        var (address, error) = (new TaskCompletionSource<string>(), new LineWriter());
        error.Written = line =>
        {
            if (line.StartsWith("Dashboard: ", StringComparison.Ordinal)) address.TrySetResult(line["Dashboard: ".Length..]);
        };
        var environment = CliEnvironment.OfProcess();
        var serving = CommandLine.RunAsync(
            ["dashboard", "--port", "0", "--data", data],
            new CliEnvironment
            {
                Out = environment.Out,
                Error = error,
                Environment = environment.Environment,
                Time = environment.Time,
                OpenEngine = environment.OpenEngine,
                OpenDocument = environment.OpenDocument,
                Console = environment.Console,
            },
            stop.Token
        );
        await Task.WhenAny(serving, address.Task);
        foreach (var (name, path, width, scheme) in Images)
        {
            await using var window = await chromium.OpenAsync(await address.Task, width, 760, scheme);
            var page = await window.NewPageAsync();
            await page.GotoAsync(path);
            await page.Locator("html[data-live]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
            await page.Locator("main :is(.tile img, .compare img, table)").First.WaitForAsync();
            // Those that can be seen; others load when they are scrolled to.
            await page.WaitForFunctionAsync(
                "() => [...document.images].every(i => i.getBoundingClientRect().top > innerHeight || (i.complete && i.naturalWidth > 0))"
            );
            var file = Path.Combine(Folder(), $"dashboard-{name}.jpg");
            var image = await page.ScreenshotAsync(
                new PageScreenshotOptions { Path = file, Type = ScreenshotType.Jpeg, Quality = 82 }
            );
            Assert.InRange(image.Length, 1, LargestImage);
        }

        await stop.CancelAsync();
        Assert.Equal(0, await serving);
    }

    private static string Folder([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "docs", "images"));

    private sealed class LineWriter : StringWriter
    {
        public Action<string> Written { get; set; } = _ => { };

        public override void WriteLine(string? value) => Written(value ?? "");
    }
}
