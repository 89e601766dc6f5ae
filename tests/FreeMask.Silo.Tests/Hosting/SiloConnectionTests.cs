using System.Diagnostics;
using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

/// <summary>Several processes on one data folder: readers do not lock the folder, and every wait is bounded.</summary>
public sealed class SiloConnectionTests : IDisposable
{
    // Longer than the connection attempts, shorter than a person would wait.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 600_000)]
    public async Task Many_may_look_while_one_works()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var (reached, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        silo.Stages.Before = async (kind, _, _) =>
        {
            if (kind != Stage.Compose) return;
            reached.TrySetResult();
            await go.Task;
        };
        await silo.Run("run").Start(TestSilo.SmallSpec);
        await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        var states = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var connection = await SiloConnection.ReadAsync(Options(_folder.Path), TestContext.Current.CancellationToken);
            return (connection.IsRemote, (await connection.Grains.GetGrain<IRunGrain>("run").GetStatus()).State);
        }));
        Assert.All(states, state => Assert.Equal((true, RunState.Running), state));
        go.SetResult();
        Assert.Equal(RunState.Completed, await silo.RestingAsync("run"));
    }

    [Theory(Timeout = 600_000)]
    [InlineData("{\"Process\":1,\"GatewayPort\":9}")]
    [InlineData("{\"Process\":2147483646,\"GatewayPort\":9}")]
    [InlineData("not json")]
    public async Task A_folder_whose_owner_does_not_answer_is_read_from_its_records(string announcement)
    {
        var told = await MakeRunAsync(_folder.Path);
        using var taken = new FileStream(
            Path.Combine(_folder.Path, "silo.lock"),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.None
        );
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "silo.json"), announcement, TestContext.Current.CancellationToken);
        var started = Stopwatch.GetTimestamp();
        await using var connection = await SiloConnection.ReadAsync(Options(_folder.Path), TestContext.Current.CancellationToken);
        await AssertReadsAsync(connection, told);
        Assert.True(connection.IsReadOnly);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Bound);
    }

    [Fact(Timeout = 600_000)]
    public async Task Who_wants_to_work_waits_until_the_folder_is_free()
    {
        await MakeRunAsync(_folder.Path);
        var taken = new FileStream(Path.Combine(_folder.Path, "silo.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var said = new TaskCompletionSource<string>();
        var opening = SiloConnection.OpenAsync(
            Options(_folder.Path),
            line => said.TrySetResult(line),
            TestContext.Current.CancellationToken
        );
        Assert.Contains("does not answer", await said.Task.WaitAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.False(opening.IsCompleted);
        await taken.DisposeAsync();
        await using var connection = await opening;
        Assert.False(connection.IsRemote);
    }

    [Fact(Timeout = 600_000)]
    public async Task Looking_writes_nothing()
    {
        var told = await MakeRunAsync(_folder.Path);
        var before = Contents(_folder.Path);
        await using (var connection = await SiloConnection.ReadAsync(Options(_folder.Path), TestContext.Current.CancellationToken))
            await AssertReadsAsync(connection, told);
        Assert.Equal(before, Contents(_folder.Path));
    }

    [Theory(Timeout = 600_000)]
    [InlineData("ro")]
    [InlineData("full")]
    public async Task A_disk_that_takes_nothing_can_be_read(string kind)
    {
        await using var disk = await SmallDisk.MountAsync(Path.Combine(_folder.Path, "disk"), 20);
        var told = await MakeRunAsync(disk.Folder);
        if (kind == "ro") await disk.MakeReadOnlyAsync();
        else SmallDisk.Fill(Path.Combine(disk.Folder, "ballast"));
        await using var connection = await SiloConnection.ReadAsync(Options(disk.Folder), TestContext.Current.CancellationToken);
        await AssertReadsAsync(connection, told);
    }

    private static EmbeddedSiloOptions Options(string folder) => new() { DataFolder = folder, Services = _ => { } };

    private static async Task<RunStatus> MakeRunAsync(string folder)
    {
        await using var silo = await TestSilo.StartAsync(folder, TestContext.Current.CancellationToken);
        return await silo.CompleteAsync("run", TestSilo.SmallSpec);
    }

    private static async Task AssertReadsAsync(SiloConnection connection, RunStatus told)
    {
        var run = connection.Grains.GetGrain<IRunGrain>("run");
        var status = await run.GetStatus();
        Assert.Equal((told.State, told.ManifestHash), (status.State, status.ManifestHash));
        Assert.Equal(told.Rounds.Select(r => r.Counts), status.Rounds.Select(r => r.Counts));
        var kept = await run.GetSamples(new SampleQuery { Round = 1, State = SampleState.Kept, Limit = 100 });
        Assert.Equal(told.Rounds[1].Counts.Kept, kept.Samples.Length);
        await connection.Artifacts.GetAsync(kept.Samples[0].Artifact(ArtifactNames.FinalImage)!, TestContext.Current.CancellationToken);
    }

    private static string Contents(string folder)
    {
        var text = new StringBuilder();
        foreach (var file in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            text.AppendLine(File.Exists(file) ? $"{file} {new FileInfo(file).Length} {File.GetLastWriteTimeUtc(file).Ticks}" : file);
        return text.ToString();
    }
}
