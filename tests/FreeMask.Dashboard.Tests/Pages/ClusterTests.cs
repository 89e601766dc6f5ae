using FreeMask.Dashboard.Tests.Browser;
using FreeMask.GrainInterfaces;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Microsoft.Extensions.Configuration;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace FreeMask.Dashboard.Tests.Pages;

/// <summary>The program beside three silos that are processes, on a real store, in a browser.</summary>
public sealed class ClusterTests(Chromium chromium, LocalServices services)
{
    private const string Drained = "drained", Killed = "killed", Controlled = "controlled";
    private const int Poisoned = 5;

    /// <summary>A run of a few seconds.</summary>
    internal static readonly RunSpec Spec = new()
    {
        Name = Drained,
        Seed = 42,
        Classes = ["cat", "dog", "bus"],
        Backgrounds = ["grass", "road"],
        Rounds = 1,
        SamplesPerRound = 120,
        Generation = new GenerationSpec { Batch = 4 },
        Mask = new MaskSpec { Batch = 4 },
        Scoring = new ScoringSpec { Batch = 4 },
        Training = new TrainingSpec { Steps = 6, CheckpointSteps = 2 },
        Execution = new ExecutionSpec { ShardSize = 100, MaxAttempts = 8, Window = 12 },
    };

    [Fact]
    public async Task A_run_is_controlled_a_silo_is_drained_and_another_killed_while_pages_are_open()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(5));
        using var folder = new TemporaryFolder();
        var poison = Path.Combine(folder.Path, "poison");
        var settings = new Dictionary<string, string> { ["FreeMask:OrleansDashboard"] = "true", ["Test:Poison"] = poison };
        await using var cluster = await ProcessCluster.StartAsync(services, Provider.Redis, deadline.Token, settings);
        await cluster.AddAsync(2, settings, deadline.Token);
        await using var app = DashboardApp.Create(SetupOf(cluster, folder));
        await app.StartAsync(deadline.Token);
        await using var window = await chromium.OpenAsync(DashboardApp.AddressOf(app));

        await ControlAsync(window, cluster, poison, deadline.Token);
        await DrainAsync(window, cluster, deadline.Token);
        await LookAtBatchesAsync(window);
        await LookAtGrainsAsync(window);
        await KillAsync(window, cluster, deadline.Token);
    }

    /// <summary>The program beside the silos, on a free port.</summary>
    internal static DashboardSetup SetupOf(ProcessCluster cluster, TemporaryFolder folder) => ProgramSetup.Read(
        new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["cluster"] = cluster.ClientFile,
                ["data"] = folder.Path,
                ["urls"] = "http://127.0.0.1:0",
            })
            .Build()
    );

    /// <summary>A sample that fails on every silo is retried when its cause is gone; the run is paused, resumed and cancelled.</summary>
    private static async Task ControlAsync(IBrowserContext window, ProcessCluster cluster, string poison, CancellationToken stop)
    {
        await File.WriteAllTextAsync(poison, $"{Poisoned}", stop);
        var run = cluster.Client.Grains.GetGrain<IRunGrain>(Controlled);
        // Longer than the controls take: the round stays open.
        await run.Start(
            Spec with
            {
                Name = Controlled,
                SamplesPerRound = 5000,
                Execution = Spec.Execution with { MaxAttempts = 2 },
            }
        );
        var page = await GoAsync(window, $"/runs/{Controlled}");
        // Masks of fake stages may be rejected until their samples are quarantined too; only this one is poisoned.
        var failure = page.GetByTestId("failures").Locator("tbody tr").Filter(new() { HasText = $"Sample {Poisoned} is poisoned" });
        await Expect(failure).ToHaveCountAsync(1);
        while (await StateAsync(run) != SampleState.Quarantined) await Task.Delay(50, stop);
        File.Delete(poison);
        await failure.GetByRole(AriaRole.Button, new() { Name = "Retry these" }).ClickAsync();
        while (await StateAsync(run) is SampleState.Quarantined or SampleState.Planned) await Task.Delay(50, stop);

        var state = page.GetByTestId("state");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(state).ToHaveTextAsync("paused");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(state).ToHaveTextAsync("running");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await page.GetByLabel("Reason").FillAsync("seen enough");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the run" }).ClickAsync();
        await Expect(state).ToHaveTextAsync("cancelled");
    }

    private static async Task<SampleState> StateAsync(IRunGrain run) =>
        (await run.GetSamples(new SampleQuery { Round = 0, From = Poisoned, Limit = 1 })).Samples.Single().State;

    /// <summary>Drains a silo that does not host the run: it gets no more work, and says so.</summary>
    private static async Task DrainAsync(IBrowserContext window, ProcessCluster cluster, CancellationToken stop)
    {
        await cluster.Client.Grains.GetGrain<IRunGrain>(Drained).Start(Spec);
        var leader = await cluster.LeaderOfAsync(Drained);
        var drained = cluster.Living.First(s => s.Name != leader.Name);
        while (ProcessCluster.BegunBy(drained) == 0) await Task.Delay(50, stop);
        var page = await GoAsync(window, "/cluster");
        var rows = page.GetByTestId("silos").Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(3);
        var row = rows.Filter(new() { HasText = drained.Name });
        await row.GetByRole(AriaRole.Button, new() { Name = "Drain" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Back" }).ClickAsync();
        await Expect(row.Locator(".chip")).ToHaveTextAsync("active");
        await row.GetByRole(AriaRole.Button, new() { Name = "Drain" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Drain the silo" }).ClickAsync();

        await Expect(row.Locator(".chip")).ToHaveTextAsync("drained");
        await Expect(row).ToContainTextAsync("none");
        await Expect(row.GetByRole(AriaRole.Button, new() { Name = "Drain" })).ToHaveCountAsync(0);
        Assert.Contains("is drained", await drained.HealthAsync(stop), StringComparison.Ordinal);
    }

    /// <summary>The page and the interface tell how full the batches were that devices executed.</summary>
    private static async Task LookAtBatchesAsync(IBrowserContext window)
    {
        var page = await GoAsync(window, "/cluster");
        // The drained silo has no device that takes work.
        var rows = page.GetByTestId("devices").Locator("tbody tr");
        await Expect(rows).ToHaveCountAsync(2);
        var busy = rows.Filter(new() { Has = page.Locator("[role=meter]") }).First;
        await Expect(busy.Locator("td").Nth(5)).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^\d+ %$"));
        var cluster = (await (await page.APIRequest.GetAsync("/api/v1/cluster")).JsonAsync())!.Value;
        var generated = cluster.GetProperty("silos").EnumerateArray()
            .SelectMany(silo => silo.GetProperty("devices").EnumerateArray())
            .SelectMany(device => device.GetProperty("batches").EnumerateArray())
            .Where(batches => batches.GetProperty("stage").GetString() == "generate")
            .ToList();
        Assert.NotEmpty(generated);
        foreach (var batches in generated)
        {
            var (samples, capacity) = (batches.GetProperty("samples").GetInt32(), batches.GetProperty("capacity").GetInt32());
            Assert.Equal(Spec.Generation.Batch * batches.GetProperty("batches").GetInt32(), capacity);
            Assert.InRange(samples, 1, capacity);
            Assert.Equal((double)samples / capacity, batches.GetProperty("fill").GetDouble());
        }
    }

    /// <summary>Orleans' own dashboard draws itself under the content-security policy of the others.</summary>
    private static async Task LookAtGrainsAsync(IBrowserContext window)
    {
        var page = await GoAsync(window, "/cluster");
        var opened = await page.RunAndWaitForPopupAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Grains" }).ClickAsync());
        await Expect(opened.Locator("#content")).ToContainTextAsync("Activations");
        await Expect(opened.Locator("#content")).Not.ToContainTextAsync("Loading");
        var counters = await (await opened.APIRequest.GetAsync("/orleans/DashboardCounters")).JsonAsync();
        Assert.Equal(3, counters!.Value.GetProperty("totalActiveHostCount").GetInt32());
        Assert.Equal(404, (await opened.APIRequest.GetAsync("/orleans/GrainState?grainId=0&grainType=x")).Status);
        await opened.CloseAsync();
    }

    /// <summary>Kills the silo that hosts the run: the page recovers by itself and shows the end of the run.</summary>
    private static async Task KillAsync(IBrowserContext window, ProcessCluster cluster, CancellationToken stop)
    {
        var run = cluster.Client.Grains.GetGrain<IRunGrain>(Killed);
        await run.Start(Spec with { Name = Killed });
        var page = await GoAsync(window, $"/runs/{Killed}");
        await Expect(page.GetByTestId("state")).ToHaveTextAsync("running");
        var killed = await cluster.LeaderOfAsync(Killed);
        Assert.Equal(RunState.Running, (await run.GetStatus()).State);
        await killed.SignalAsync("KILL");
        await killed.ExitAsync(stop);

        await Expect(page.GetByTestId("state")).ToHaveTextAsync("completed", new() { Timeout = 180_000 });
        await Expect(page.Locator("[data-state='planned']")).ToHaveTextAsync("120");
        await Expect(page.GetByTestId("stale")).ToHaveCountAsync(0);
        var status = await run.GetStatus();
        Assert.Equal(RunState.Completed, status.State);
        await Expect(page.Locator("[data-state='kept']"))
            .ToHaveTextAsync(status.Rounds[0].Counts.Kept.ToString(System.Globalization.CultureInfo.InvariantCulture));
        // The page was never loaded anew by hand; the dead silo is told on its page.
        await page.GetByRole(AriaRole.Link, new() { Name = "Cluster" }).ClickAsync();
        await Expect(page.GetByTestId("silos").Locator("tbody tr").Filter(new() { HasText = killed.Name })).ToContainTextAsync("dead");
    }

    private static async Task<IPage> GoAsync(IBrowserContext window, string path)
    {
        var page = await window.NewPageAsync();
        await page.GotoAsync(path);
        await page.Locator("html[data-live]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        return page;
    }
}
