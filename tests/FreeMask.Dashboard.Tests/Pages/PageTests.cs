using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using FreeMask.Dashboard.Tests.Browser;
using FreeMask.GrainInterfaces;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace FreeMask.Dashboard.Tests.Pages;

/// <summary>The pages in a browser, over real runs.</summary>
public sealed class PageTests(Chromium chromium, MiniDashboard dashboard)
{
    private const string Samples = $"/runs/{MiniDashboard.Small}/rounds/1/samples";

    private static readonly string[] States =
        ["planned", "generated", "masked", "composed", "harmonized", "scored", "kept", "dropped", "quarantined"];

    private static readonly string[] AllPages =
    [
        "/", $"/runs/{MiniDashboard.Small}", $"/runs/{MiniDashboard.Paused}", Samples, $"{Samples}/0",
        $"/runs/{MiniDashboard.Small}/rounds/1", $"/runs/{MiniDashboard.Small}/export",
        $"/compare?a={MiniDashboard.Small}/1&b={MiniDashboard.Paused}/1", "/cluster", "/start",
    ];

    [Fact]
    public async Task Numbers_of_a_run_are_those_of_the_command_line()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, "/");
        await Expect(page.GetByTestId("runs").GetByRole(AriaRole.Row)).ToHaveCountAsync(3);
        await page.GetByRole(AriaRole.Link, new() { Name = MiniDashboard.Small, Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(MiniDashboard.Small);
        var (code, output) = await dashboard.CommandAsync("status", MiniDashboard.Small, "--json");
        Assert.Equal(0, code);
        using var document = JsonDocument.Parse(output);
        var round = document.RootElement.GetProperty("rounds")[0];

        foreach (var state in States)
            await Expect(page.Locator($"[data-state='{state}']"))
                .ToHaveTextAsync(round.GetProperty(state).GetInt32().ToString(CultureInfo.InvariantCulture));
        await Expect(page.GetByTestId("miou"))
            .ToHaveTextAsync(round.GetProperty("mIoU").GetDouble().ToString("0.000", CultureInfo.InvariantCulture));
        // The interval holds the mean; the chart has it as a bar, and the start as a line.
        var interval = round.GetProperty("mIoUInterval");
        Assert.InRange(
            round.GetProperty("mIoU").GetDouble(),
            interval.GetProperty("low").GetDouble(),
            interval.GetProperty("high").GetDouble()
        );
        await Expect(page.GetByTestId("interval")).ToContainTextAsync(
            interval.GetProperty("high").GetDouble().ToString("0.000", CultureInfo.InvariantCulture)
        );
        await Expect(page.GetByTestId("miou-chart").Locator(".interval")).ToHaveCountAsync(1);
        await Expect(page.GetByTestId("miou-chart").Locator(".start")).ToHaveCountAsync(1);
        // Nothing is drawn for no sample.
        await Expect(page.Locator("tr:has([data-state='quarantined']) .bar i")).ToHaveCountAsync(0);
        await Expect(page.Locator("tr:has([data-state='kept']) .bar i")).ToHaveCountAsync(1);
        var api = await page.APIRequest.GetAsync($"/api/v1/runs/{MiniDashboard.Small}");
        Assert.True(JsonElement.DeepEquals(document.RootElement, JsonDocument.Parse(await api.TextAsync()).RootElement));
        await VisitAsync(page, $"/compare?a={MiniDashboard.Small}/1&b={MiniDashboard.Small}/1");
        var low = interval.GetProperty("low").GetDouble().ToString("0.000", CultureInfo.InvariantCulture);
        await Expect(page.GetByTestId("compare-interval").GetByRole(AriaRole.Cell).First).ToContainTextAsync($"{low} to");
    }

    [Fact]
    public async Task The_grid_is_filtered_by_its_address_and_driven_by_keys()
    {
        await using var window = await OpenAsync();
        var errors = new List<string>();
        var page = await GoAsync(window, Samples + "?state=kept&sort=LowestScore", errors.Add);
        var tiles = page.Locator(".tile");
        var kept = int.Parse((await page.GetByTestId("total").TextContentAsync())!.Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(kept, 1, 11);
        await Expect(tiles).ToHaveCountAsync(kept);
        await Expect(page.Locator(".tile:not([data-state=kept])")).ToHaveCountAsync(0);
        // Images and masks are drawn by the server.
        await Expect(page.Locator(".tile img:not(.mask)")).ToHaveCountAsync(kept);
        Assert.True(await page.Locator(".tile img").First.EvaluateAsync<bool>("i => i.decode().then(() => i.naturalWidth > 0)"));

        await page.GetByTestId("grid").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator(".tile.cursor")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync(" ");
        await Expect(page.Locator(".tile img.mask")).ToHaveCountAsync(0);
        await Expect(page).ToHaveURLAsync(new Regex("mask=off"));
        await page.Keyboard.PressAsync("g");
        await Expect(page).ToHaveURLAsync(new Regex("size=208"));
        await page.Keyboard.PressAsync("x");
        await Expect(page.GetByTestId("selection")).ToContainTextAsync("1 selected");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByTestId("selection")).ToHaveCountAsync(0);
        var worst = await page.Locator(".tile.cursor").GetAttributeAsync("data-index");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new Regex($"/samples/{worst}\\?state=kept"));

        // The neighbours are those of the view.
        await page.GetByRole(AriaRole.Link, new() { Name = "Next" }).ClickAsync();
        await Expect(page.GetByTestId("state")).ToHaveTextAsync("kept");
        await VisitAsync(page, Samples + "?objects=2-");
        var several = int.Parse((await page.GetByTestId("total").TextContentAsync())!.Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.InRange(several, 1, 11);
        await VisitAsync(page, Samples + "?objects=1");
        await Expect(page.GetByTestId("total")).ToHaveTextAsync($"{12 - several} of 12");
        await page.GetByTestId("toggles").GetByRole(AriaRole.Button, new() { Name = "dog" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("overlay=6%2C8"));
        await Expect(page.Locator(".tile img.mask").First).ToHaveAttributeAsync("src", new Regex("classes=6,8"));
        await VisitAsync(page, Samples + "?device=no-silo/cpu");
        await Expect(page.GetByTestId("none")).ToBeVisibleAsync();
        await VisitAsync(page, Samples + "?class=bus&minScore=0.999999");
        await Expect(page.GetByTestId("none")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
        await Expect(page.GetByTestId("total")).ToHaveTextAsync("12 of 12");
        Assert.Empty(errors);
    }

    [Fact]
    public async Task A_sample_shows_its_lineage_and_its_artifacts_are_those_of_its_record()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, $"{Samples}/0");
        using var sample = JsonDocument.Parse((await page.GetByTestId("json").TextContentAsync())!);
        await Expect(page.GetByTestId("facts")).ToContainTextAsync(sample.RootElement.GetProperty("prompt").GetString()!);
        foreach (var artifact in sample.RootElement.GetProperty("artifacts").EnumerateObject())
        {
            var bytes = await (await page.APIRequest.GetAsync(
                $"/api/v1/runs/{MiniDashboard.Small}/rounds/1/samples/0/artifacts/{artifact.Name}"
            )).BodyAsync();
            Assert.Equal(artifact.Value.GetString(), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
        }

        // Every state with the time and the kind of device, up to the selection.
        var rows = page.GetByTestId("stages").Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(7);
        foreach (var ended in sample.RootElement.GetProperty("endedAt").EnumerateObject())
            await Expect(rows.Filter(new() { HasText = ended.Name }).First)
                .ToContainTextAsync(ended.Value.GetDateTimeOffset().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        await Expect(rows.Nth(1)).ToContainTextAsync("cpu");
        await Expect(rows.Last).ToContainTextAsync(new Regex(@"(?s)(kept|dropped).*selection: 0\.\d{3} (reaches|is below)"));
        await Expect(page.Locator(".lineage figure").Filter(new() { HasText = "attention" }).Locator("img")).ToHaveCountAsync(1);

        var slider = page.GetByLabel("Where the left image ends");
        await slider.FillAsync("20");
        await Expect(page.Locator(".compare")).ToHaveAttributeAsync("style", new Regex("--split: ?20%"));
        await page.Locator(".compare .zoom").HoverAsync();
        await Expect(page.Locator("[data-under]")).ToHaveTextAsync(new Regex(@"^\d+, \d+: \w+"));
        await page.Locator(".compare .zoom").FocusAsync();
        await page.Keyboard.PressAsync("+");
        await Expect(page.Locator(".compare .zoom")).ToHaveAttributeAsync("style", new Regex("scale\\(1.5\\)"));
    }

    [Fact]
    public async Task A_pasted_object_leads_to_the_sample_that_it_was_cut_from()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, "/");
        using var all = JsonDocument.Parse((await dashboard.CommandAsync("samples", MiniDashboard.Small, "--json")).Output);
        var composed = all.RootElement.GetProperty("samples").EnumerateArray()
            .First(s => s.GetProperty("facts").GetProperty("compose.pasted").GetDouble() > 0);
        var donor = composed.GetProperty("facts").GetProperty("compose.1.donor").GetInt32();
        await VisitAsync(page, $"{Samples}/{composed.GetProperty("index").GetInt32()}");
        var number = composed.GetProperty("index").GetInt32().ToString(CultureInfo.InvariantCulture);
        var told = (await dashboard.CommandAsync("samples", MiniDashboard.Small, "--sample", number)).Output;
        Assert.Contains($"places tried for object 1, cut from sample {donor}", told, StringComparison.Ordinal);
        var places = page.GetByTestId("places").First;
        var tried = await places.Locator("tbody tr").CountAsync();
        Assert.InRange(tried, 1, 10);
        Assert.Equal(tried, await places.Locator(".marks rect").CountAsync());
        await Expect(places.Locator("tbody tr").Filter(new() { HasText = "taken" })).ToHaveCountAsync(1);
        await page.GetByTestId("pasted").GetByRole(AriaRole.Link).First.ClickAsync();

        await Expect(page).ToHaveURLAsync(new Regex($"/samples/{donor}$"));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync($"Sample {donor}");
    }

    [Fact]
    public async Task Selected_samples_are_exported_alone()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, Samples + "?state=kept");
        var kept = await page.Locator(".tile").First.GetAttributeAsync("data-index");
        await page.GetByTestId("grid").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator(".tile.cursor")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("x");
        await page.GetByRole(AriaRole.Button, new() { Name = "Export 1 kept" }).ClickAsync();
        await page.GetByText("coco", new() { Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/export\\?job="));
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByTestId("download").ClickAsync());
        await using var file = File.OpenRead(await download.PathAsync());
        using var zip = new System.IO.Compression.ZipArchive(file);
        var line = Assert.Single(zip.Entries, e => e.FullName.EndsWith("manifest.jsonl", StringComparison.Ordinal));
        using var manifest = new StreamReader(line.Open());
        var only = Assert.Single((await manifest.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        using var document = JsonDocument.Parse(only);
        Assert.Equal(kept, document.RootElement.GetProperty("index").GetInt32().ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task An_export_is_written_and_downloaded()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, $"/runs/{MiniDashboard.Small}/export");
        var samples = int.Parse((await page.GetByTestId("samples").TextContentAsync())!, CultureInfo.InvariantCulture);
        await page.GetByRole(AriaRole.Button, new() { Name = "Export" }).ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByTestId("download").ClickAsync());
        await using var file = File.OpenRead(await download.PathAsync());
        using var zip = new System.IO.Compression.ZipArchive(file);

        Assert.Equal($"{MiniDashboard.Small}-voc.zip", download.SuggestedFilename);
        Assert.Equal(samples, zip.Entries.Count(e => e.FullName.Contains("/JPEGImages/", StringComparison.Ordinal)));
        using var manifest = new StreamReader(await zip.GetEntry("manifest.jsonl")!.OpenAsync());
        Assert.Equal(samples, (await manifest.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task An_export_of_a_stratum_holds_what_the_page_counted()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, $"/runs/{MiniDashboard.Small}/export");
        var all = int.Parse((await page.GetByTestId("samples").TextContentAsync())!, CultureInfo.InvariantCulture);
        var plan = await (await page.APIRequest.GetAsync($"/api/v1/runs/{MiniDashboard.Small}/export?objects=2-")).JsonAsync();
        var several = plan!.Value.GetProperty("samples").GetInt32();
        var strata = plan.Value.GetProperty("strata");
        Assert.InRange(several, 1, all - 1);
        Assert.Equal(several, strata.GetProperty("2-").GetInt32());
        Assert.Equal(all - several, strata.GetProperty("1").GetInt32());
        // In the order of the run file.
        var classes = plan.Value.GetProperty("classes").EnumerateObject().Select(c => c.Name).ToList();
        Assert.Equal(classes.Order(StringComparer.Ordinal), classes);

        await page.Locator(".mud-select").Filter(new() { HasText = "Samples" }).First.ClickAsync();
        await page.GetByText($"2 objects and more ({several})", new() { Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("samples")).ToHaveTextAsync(several.ToString(CultureInfo.InvariantCulture));
        await page.GetByRole(AriaRole.Button, new() { Name = "Export" }).ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByTestId("download").ClickAsync());
        await using var file = File.OpenRead(await download.PathAsync());
        using var zip = new System.IO.Compression.ZipArchive(file);

        Assert.Equal(several, zip.Entries.Count(e => e.FullName.Contains("/JPEGImages/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_run_is_controlled_and_its_changes_are_shown_at_once()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, $"/runs/{MiniDashboard.Paused}");
        await Expect(page.GetByTestId("state")).ToHaveTextAsync("paused");
        await Expect(page.Locator("main")).ToContainTextAsync("to look at it");
        await page.GetByTestId("failures").GetByRole(AriaRole.Link).First.ClickAsync();
        await Expect(page.Locator(".tile[data-state=quarantined]").First).ToBeVisibleAsync();
        await page.Locator(".tile[data-state=quarantined] .frame").First.ClickAsync();

        // What users wrote is text.
        await Expect(page.GetByTestId("facts")).ToContainTextAsync("<script>window.hostile = 1</script>");
        Assert.Equal("undefined", await page.EvaluateAsync<string>("typeof window.hostile"));
        await Expect(page.GetByTestId("facts")).ToContainTextAsync("Attempt1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Retry", Exact = true }).ClickAsync();
        await Expect(page.GetByTestId("facts")).ToContainTextAsync("Attempt2");

        // Every mask is rejected once more, and the run stops with its reason.
        await VisitAsync(page, "/");
        await Expect(page.Locator("#hostile")).ToHaveCountAsync(0);
        await Expect(page.GetByTestId("runs")).ToContainTextAsync(MiniDashboard.HostileName);
        var row = page.GetByTestId("runs").GetByRole(AriaRole.Row).Filter(new() { HasText = MiniDashboard.Paused });
        await Expect(row.GetByTestId("state")).ToHaveTextAsync("failed", new() { Timeout = 60_000 });
        await row.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("<img src=x onerror='window.hostile = 2'>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the run" }).ClickAsync();
        await Expect(row.GetByTestId("state")).ToHaveTextAsync("cancelled");
        await Expect(row).ToContainTextAsync("<img src=x onerror=");
        Assert.Equal("undefined", await page.EvaluateAsync<string>("typeof window.hostile"));
        Assert.Equal(RunState.Cancelled, (await (await dashboard.RunAsync(MiniDashboard.Paused)).GetStatus()).State);
    }

    [Fact]
    public async Task A_run_file_is_checked_before_it_is_started()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, "/start");
        var text = page.GetByLabel("The text of the run file");
        await page.GetByRole(AriaRole.Button, new() { Name = "Check" }).ClickAsync();
        await Expect(page.GetByTestId("valid")).ToContainTextAsync("64 samples");
        await text.FillAsync("classes: [doge]\nrouns: 3\n");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("2 problems");
        var problems = page.GetByTestId("problems").GetByRole(AriaRole.Listitem);
        await Expect(problems).ToHaveCountAsync(2);
        await Expect(problems.First).ToContainTextAsync("Line 1, column 11");
    }

    [Fact]
    public async Task A_run_file_is_completed_and_its_problems_are_shown_by_line()
    {
        await using var window = await OpenAsync();
        var errors = new List<string>();
        var page = await GoAsync(window, "/start", errors.Add);
        var text = page.GetByLabel("The text of the run file");
        await page.Locator(".editor[data-ready]").WaitForAsync();
        await text.FillAsync("classes: [cat]\ngeneration:\n  ");
        await text.FocusAsync();
        await page.Keyboard.PressAsync("Control+End");
        await page.Keyboard.PressAsync("Control+Space");
        var options = page.GetByRole(AriaRole.Option);
        await Expect(options.Filter(new() { HasText = "steps" }).First).ToContainTextAsync("integer, 1 to 1000");
        await Expect(text).ToHaveAttributeAsync("aria-activedescendant", new Regex("^run-file-suggestions-0$"));
        Assert.DoesNotContain((await page.RunAxe()).Violations, violation => violation.Impact is "serious" or "critical");

        // By typing and keys.
        await page.Keyboard.TypeAsync("sched");
        await Expect(options).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Enter");
        // The values of the key follow.
        await Expect(text).ToHaveValueAsync("classes: [cat]\ngeneration:\n  scheduler: ");
        await Expect(options.First).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await Expect(page.Locator("[role=option][aria-selected=true]")).ToHaveTextAsync(new Regex("pndm"));
        await page.Keyboard.PressAsync("Enter");
        await Expect(text).ToHaveValueAsync("classes: [cat]\ngeneration:\n  scheduler: pndm");
        await Expect(options).ToHaveCountAsync(0);

        // By mouse; Escape closes without a change, and a new line keeps the indentation.
        await page.Keyboard.PressAsync("Enter");
        await Expect(text).ToHaveValueAsync(new Regex("pndm\n  $"));
        await page.Keyboard.PressAsync("Control+Space");
        await Expect(options.First).ToBeVisibleAsync();
        await Expect(options.Filter(new() { HasText = "scheduler" })).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Escape");
        await Expect(options).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Control+Space");
        await options.Filter(new() { HasText = "guidance" }).First.ClickAsync();
        await Expect(text).ToHaveValueAsync(new Regex("pndm\n  guidance: $"));
        await page.Keyboard.TypeAsync("lots");

        // The server has what the browser has, and says where it is wrong.
        var problem = page.GetByTestId("problems").GetByRole(AriaRole.Button);
        await Expect(problem).ToContainTextAsync("Line 4, column 13");
        await Expect(page.Locator(".lines .bad")).ToHaveTextAsync("4");
        await text.BlurAsync();
        await problem.ClickAsync();
        await Expect(text).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Shift+End");
        await page.Keyboard.TypeAsync("2.5");
        await Expect(problem).ToHaveCountAsync(0);

        // Answers of the server that are late take nothing back.
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.TypeAsync("steps: 12 # written without a pause between any two letters");
        await Expect(page.Locator(".lines li")).ToHaveCountAsync(5);
        await Expect(text).ToHaveValueAsync(new Regex("2.5\n  steps: 12 # written without a pause between any two letters$"));
        Assert.Empty(errors);
    }

    /// <summary>Each change sends the whole text; by default the connection of a page allows messages of 32 KiB.</summary>
    [Fact]
    public async Task A_long_run_file_is_written_without_losing_the_connection()
    {
        await using var window = await OpenAsync();
        var page = await GoAsync(window, "/start");
        var text = page.GetByLabel("The text of the run file");
        await text.FillAsync("classes: [cat]\nrouns: 3\n" + string.Concat(Enumerable.Repeat($"# {new string('a', 400)}\n", 200)));
        await Expect(page.GetByTestId("problems").GetByRole(AriaRole.Listitem)).ToContainTextAsync("Line 2, column 1");
        await Expect(page.Locator("#components-reconnect-modal")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Loss_of_the_runs_is_shown_and_ends_by_itself()
    {
        var isOpen = true;
        await using var server = await dashboard.ServeAsync(() => Volatile.Read(ref isOpen));
        await using var window = await chromium.OpenAsync(server.Address);
        var page = await GoAsync(window, $"/runs/{MiniDashboard.Small}");
        await Expect(page.GetByTestId("stale")).ToHaveCountAsync(0);
        Volatile.Write(ref isOpen, false);
        await Expect(page.GetByTestId("stale")).ToContainTextAsync("last seen");
        // What was seen stays.
        await Expect(page.Locator("[data-state='planned']")).ToHaveTextAsync("12");
        Volatile.Write(ref isOpen, true);
        await Expect(page.GetByTestId("stale")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_page_recovers_when_its_server_was_replaced()
    {
        var first = await dashboard.ServeAsync(() => true);
        var port = new Uri(first.Address).Port;
        await using var window = await chromium.OpenAsync(first.Address);
        var page = await GoAsync(window, $"/runs/{MiniDashboard.Small}");
        await first.DisposeAsync();
        await Expect(page.Locator("#components-reconnect-modal")).ToBeVisibleAsync();
        await using var second = await dashboard.ServeAsync(() => true, port);
        await Expect(page.Locator("#components-reconnect-modal")).ToBeHiddenAsync(new() { Timeout = 40_000 });
        await Expect(page.Locator("[data-state='planned']")).ToHaveTextAsync("12");
    }

    [Fact]
    public async Task Every_page_fits_a_phone_and_has_no_serious_fault_for_assistive_technology()
    {
        await using var window = await OpenAsync(375);
        var problems = new List<string>();
        var page = await GoAsync(window, "/", message => problems.Add(message));
        foreach (var path in AllPages)
        {
            await VisitAsync(page, path);
            await Expect(page.Locator("h1")).ToBeVisibleAsync();
            var width = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
            if (width > 375) problems.Add($"{path} is {width} pixels wide.");
            Note(path, await page.RunAxe());
            // The other colors: only their contrast differs, and this page has all of them.
            if (path != AllPages[1]) continue;
            var wasDark = await page.Locator("html.dark").CountAsync() > 0;
            await page.Locator(".top button").ClickAsync();
            await Expect(page.Locator(wasDark ? "html:not(.dark)" : "html.dark")).ToHaveCountAsync(1);
            var contrast = new RunOnlyOptions { Type = "rule", Values = ["color-contrast"] };
            Note(path, await page.RunAxe(new AxeRunOptions { RunOnly = contrast }));
        }

        Assert.Empty(problems);

        void Note(string path, AxeResult result) =>
            problems.AddRange(
                from violation in result.Violations
                where violation.Impact is "serious" or "critical"
                select $"{path}: {violation.Id}: {violation.Help} {string.Join("; ", violation.Nodes.Take(3).Select(n => n.Html))}"
            );
    }

    private async Task<IBrowserContext> OpenAsync(int width = 1280, ColorScheme scheme = ColorScheme.Light) =>
        await chromium.OpenAsync(await dashboard.AddressAsync(), width, 900, scheme);

    /// <summary>Opens a page and waits until it answers to the user.</summary>
    private static async Task<IPage> GoAsync(IBrowserContext window, string path, Action<string>? onError = null)
    {
        var page = await window.NewPageAsync();
        page.PageError += (_, error) => onError?.Invoke(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error") onError?.Invoke(message.Text);
        };
        await VisitAsync(page, path);
        return page;
    }

    private static async Task VisitAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await page.Locator("html[data-live]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
    }
}
