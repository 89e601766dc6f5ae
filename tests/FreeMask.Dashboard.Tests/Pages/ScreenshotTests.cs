using System.Runtime.CompilerServices;
using FreeMask.Cli;
using FreeMask.Cli.Verbs;
using FreeMask.Dashboard.Tests.Browser;
using FreeMask.GrainInterfaces;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace FreeMask.Dashboard.Tests.Pages;

/// <summary>
/// Makes the images of the documents: <c>FREEMASK_UPDATE_IMAGES=FOLDER</c> names a data folder with a run of examples/quickstart.yaml, and
/// this class writes docs/images/dashboard-*.jpg. The image of the cluster is one of three silos that are processes.
/// </summary>
public sealed class ScreenshotTests(Chromium chromium, LocalServices services)
{
    private const string Run = "quickstart";

    private const int LargestImage = 150_000;

    private static readonly (string Name, string Path, int Width, ColorScheme Scheme)[] Images =
    [
        ("runs", "/", 1280, ColorScheme.Light),
        ("run", $"/runs/{Run}", 1280, ColorScheme.Light),
        ("samples", $"/runs/{Run}/rounds/1/samples?size=96", 1060, ColorScheme.Light),
        ("sample", $"/runs/{Run}/rounds/1/samples/2", 1280, ColorScheme.Light),
        ("scores", $"/runs/{Run}/rounds/1", 1280, ColorScheme.Dark),
        ("compare", $"/compare?a={Run}/1&b={Run}/2", 1280, ColorScheme.Dark),
        ("export", $"/runs/{Run}/export", 1280, ColorScheme.Light),
        ("start", "/start", 1000, ColorScheme.Light),
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
            var page = await GoAsync(window, path);
            if (name == "start") await AskForKeysAsync(page);
            else await page.Locator("main :is(.tile img, .compare img, table)").First.WaitForAsync();
            await WriteAsync(page, name);
        }

        await stop.CancelAsync();
        Assert.Equal(0, await serving);
        await WriteClusterAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>The list of keys at the end of the training section.</summary>
    private static async Task AskForKeysAsync(IPage page)
    {
        await page.Locator(".editor[data-ready]").WaitForAsync();
        await page.GetByLabel("The text of the run file").FocusAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.TypeAsync("  ");
        await page.Keyboard.PressAsync("Control+Space");
        await page.GetByRole(AriaRole.Option).First.WaitForAsync();
    }

    private async Task WriteClusterAsync(CancellationToken stop)
    {
        await using var cluster = await ProcessCluster.StartAsync(services, Provider.Redis, stop);
        await cluster.AddAsync(2, [], stop);
        using var folder = new TemporaryFolder();
        await using var app = DashboardApp.Create(ClusterTests.SetupOf(cluster, folder));
        await app.StartAsync(stop);
        await cluster.Client.Grains.GetGrain<IRunGrain>(ClusterTests.Spec.Name).Start(ClusterTests.Spec);
        await using var window = await chromium.OpenAsync(DashboardApp.AddressOf(app), 1280, 530);
        var page = await GoAsync(window, "/cluster");
        var devices = page.GetByTestId("devices").Locator("tbody tr");
        await Expect(devices).ToHaveCountAsync(3);
        // Until the last stage has had batches.
        foreach (var device in await devices.AllAsync())
            await Expect(device.Locator("td").Last).ToContainTextAsync("%", new() { Timeout = 60_000 });
        await WriteAsync(page, "cluster");
    }

    private static async Task<IPage> GoAsync(IBrowserContext window, string path)
    {
        var page = await window.NewPageAsync();
        await page.GotoAsync(path);
        await page.Locator("html[data-live]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return page;
    }

    private static async Task WriteAsync(IPage page, string name)
    {
        // Those that can be seen; others load when they are scrolled to.
        await page.WaitForFunctionAsync(
            "() => [...document.images].every(i => i.getBoundingClientRect().top > innerHeight || (i.complete && i.naturalWidth > 0))"
        );
        var file = Path.Combine(Folder(), $"dashboard-{name}.jpg");
        var image = await page.ScreenshotAsync(new PageScreenshotOptions { Path = file, Type = ScreenshotType.Jpeg, Quality = 82 });
        Assert.InRange(image.Length, 1, LargestImage);
    }

    private static string Folder([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "docs", "images"));

    private sealed class LineWriter : StringWriter
    {
        public Action<string> Written { get; set; } = _ => { };

        public override void WriteLine(string? value) => Written(value ?? "");
    }
}
