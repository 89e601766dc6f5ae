using System.Diagnostics;
using FreeMask.GrainInterfaces;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Xunit;

namespace FreeMask.Silo.Tests.Cluster;

/// <summary>
/// Three silos as processes on a real store, with process and store faults. The run continues by itself within the guaranteed time, and
/// ends with the manifest of an undisturbed one.
/// </summary>
public abstract class ClusterFaultTests(SharedCluster shared, LocalServices services, ITestOutputHelper output)
{
    private const int Window = 12;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private static string? _expected;

    private readonly string _run = $"run-{Guid.NewGuid():N}";
    private readonly Provider _provider = shared.Provider;

    private protected LocalServices Services => services;

    private bool Resumes => _provider != Provider.PostgreSql;

    private static RunSpec Spec { get; } = TestSilo.SmallSpec with
    {
        SamplesPerRound = 36,
        Execution = new ExecutionSpec { ShardSize = 100, MaxAttempts = 8, Window = Window },
    };

    [Fact]
    public virtual async Task The_leader_is_killed()
    {
        using var deadline = Until(Deadline);
        var cluster = await shared.TakeAsync(3, deadline.Token);
        var observer = await StartAsync(cluster, deadline.Token);
        await (await cluster.LeaderOfAsync(_run)).SignalAsync("KILL");
        observer.Reset();
        var status = await observer.UntilAsync(IsOver, deadline.Token);
        await AssertUnharmedAsync(cluster, status, interruptions: 1, deadline.Token);
        AssertRecovery("kill -9 of the leader", observer.LongestRest, TimeSpan.FromSeconds(20));
        shared.GiveBack();
    }

    [Fact]
    public virtual async Task A_silo_that_joins_gets_work()
    {
        using var deadline = Until(Deadline);
        var cluster = await shared.TakeAsync(1, deadline.Token);
        // Longer than any silo takes to start.
        var run = cluster.Client.Grains.GetGrain<IRunGrain>(_run);
        await run.Start(Spec with { SamplesPerRound = 5000 });
        var joined = (await cluster.AddAsync(1, [], deadline.Token))[0];
        var clock = Stopwatch.StartNew();
        while (ProcessCluster.BegunBy(joined) == 0) await Task.Delay(50, deadline.Token);
        AssertRecovery("work for a silo that joined", clock.Elapsed, TimeSpan.FromSeconds(5));
        await run.Cancel("seen enough");
        await new RunObserver(cluster, _run).UntilAsync(s => s.Idle, deadline.Token);
        shared.GiveBack();
    }

    [Fact]
    public virtual async Task The_leader_leaves_and_no_call_fails()
    {
        using var deadline = Until(Deadline);
        var cluster = await shared.TakeAsync(3, deadline.Token);
        var observer = await StartAsync(cluster, deadline.Token);
        var leaver = await cluster.LeaderOfAsync(_run);
        observer.Reset();
        var clock = Stopwatch.StartNew();
        await leaver.SignalAsync("TERM");
        var leaving = LeaveAsync();
        var status = await observer.UntilAsync(IsOver, deadline.Token);
        var left = await leaving;
        Assert.Equal(0, left.Code);
        await AssertUnharmedAsync(cluster, status, interruptions: 1, deadline.Token);
        Assert.Empty(observer.Failures);
        var what = $"SIGTERM of the leader, which ended after {left.Elapsed.TotalSeconds:0.0} s";
        AssertRecovery(what, observer.LongestRest, TimeSpan.FromSeconds(10));
        shared.GiveBack();

        async Task<(int Code, TimeSpan Elapsed)> LeaveAsync() => (await leaver.ExitAsync(deadline.Token), clock.Elapsed);
    }

    [Fact]
    public virtual async Task A_silo_that_freezes_and_resumes_cannot_write()
    {
        using var deadline = Until(Deadline);
        var cluster = await shared.TakeAsync(3, deadline.Token);
        var observer = await StartAsync(cluster, deadline.Token);
        var frozen = await cluster.LeaderOfAsync(_run);
        await frozen.SignalAsync("STOP");
        observer.Reset();
        await observer.UntilAsync(s => s.Rounds[0].Phase >= RoundPhase.Scoring, deadline.Token);
        var rest = observer.LongestRest;

        // Its memory is outdated, and all its writes are refused.
        await frozen.SignalAsync("CONT");
        var status = await observer.UntilAsync(IsOver, deadline.Token);
        await AssertUnharmedAsync(cluster, status, interruptions: 2, deadline.Token);
        AssertRecovery("SIGSTOP of the leader", rest, TimeSpan.FromSeconds(30));
        // A silo that was declared dead ends its process.
        Assert.NotEqual(0, await frozen.ExitAsync(deadline.Token));
        shared.GiveBack();
    }

    [Fact]
    public virtual async Task The_store_is_restarted()
    {
        using var deadline = Until(Deadline);
        var cluster = await shared.TakeAsync(3, deadline.Token);
        var observer = await StartAsync(cluster, deadline.Token);
        await services.StopAsync(Providers.ServiceOf(_provider));
        await services.StartAsync(Providers.ServiceOf(_provider));
        observer.Reset();
        var status = await observer.UntilAsync(IsOver, deadline.Token);
        await AssertUnharmedAsync(cluster, status, interruptions: 3, deadline.Token);
        AssertRecovery("restart of the store", observer.LongestRest, TimeSpan.FromSeconds(20));
        shared.GiveBack();
    }

    [Fact]
    public virtual async Task All_silos_are_killed_and_the_run_goes_on_when_others_start()
    {
        using var deadline = Until(Deadline);
        var cluster = await shared.TakeAsync(3, deadline.Token);
        await StartAsync(cluster, deadline.Token);
        foreach (var silo in cluster.Living) await silo.SignalAsync("KILL");
        var clock = Stopwatch.StartNew();

        // PostgreSQL: starting silos do not activate the runs (FreeMask:ResumeRuns=false), and only the run's reminder does.
        var resume = new Dictionary<string, string> { ["FreeMask:ResumeRuns"] = Resumes ? "true" : "false" };
        var started = await cluster.AddAsync(3, resume, deadline.Token);
        output.WriteLine($"{_provider}: new silos were ready {clock.Elapsed.TotalSeconds:0.0} s after the death of all");
        // The run is not queried before it continues: a query would activate it.
        while (!started.Any(s => ProcessCluster.BegunBy(s) > 0)) await Task.Delay(50, deadline.Token);
        AssertRecovery("death of all silos", clock.Elapsed, TimeSpan.FromSeconds(120));

        await cluster.ConnectAsync(deadline.Token);
        var status = await new RunObserver(cluster, _run).UntilAsync(IsOver, deadline.Token);
        await AssertUnharmedAsync(cluster, status, interruptions: 1, deadline.Token);
        // Silos with FreeMask:ResumeRuns=false cannot be used by other tests.
        if (Resumes) shared.GiveBack();
    }

    /// <summary>The order of docs/deploy.md: the worker first, then the coordinator, each new silo ready before an old one is told to
    /// end.</summary>
    private protected async Task ReplaceAllSilosAsync()
    {
        using var deadline = Until(Deadline);
        var (coordinator, worker) = (Role("coordinator"), Role("worker"));
        await using var cluster = await ProcessCluster.StartAsync(services, _provider, deadline.Token, coordinator);
        var workers = await cluster.AddAsync(1, worker, deadline.Token);
        var coordinators = cluster.Living.Except(workers).ToList();
        var observer = await StartAsync(cluster, deadline.Token);
        foreach (var (old, role) in workers.Select(w => (w, worker)).Concat(coordinators.Select(c => (c, coordinator))))
        {
            await cluster.AddAsync(1, role, deadline.Token);
            await old.SignalAsync("TERM");
            Assert.Equal(0, await old.ExitAsync(deadline.Token));
        }

        var status = await observer.UntilAsync(IsOver, deadline.Token);
        await AssertUnharmedAsync(cluster, status, interruptions: 0, deadline.Token);
        Assert.Empty(observer.Failures);
        Assert.Equal(2, cluster.Living.Count);

        // The silos ask each other for their devices rarely, so that a coordinator that joined takes over before it knows them all.
        static Dictionary<string, string> Role(string role) => new()
        {
            ["FreeMask:Roles"] = role,
            ["FreeMask:Coordination:DeviceRefreshInterval"] = "00:00:03",
        };
    }

    /// <summary>A store that loses its last writes while the silos are active.</summary>
    /// <param name="loseWrites">Stops the store, removes its writes since the mark, and starts it.</param>
    /// <param name="mark">Marks the time.</param>
    private protected async Task TheStoreComesBackOlderAsync(Action mark, Func<Task> loseWrites)
    {
        using var deadline = Until(Deadline);
        var cluster = await shared.TakeAsync(3, deadline.Token);
        var observer = await StartAsync(cluster, deadline.Token);
        mark();
        // Some seconds of writes, which a power failure may lose.
        await observer.UntilAsync(s => s.Rounds is [{ Counts.Harmonized: > Window }, ..], deadline.Token);
        await loseWrites();
        var status = await observer.UntilAsync(IsOver, deadline.Token);
        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(_expected ??= await UndisturbedAsync(deadline.Token), status.ManifestHash);
        output.WriteLine($"{_provider}: {cluster.Executions(_run).Values.Sum(n => n - 1)} pieces of work were done again");
        // The loss may affect any grain: the cluster is not used again.
    }

    private static CancellationTokenSource Until(TimeSpan deadline)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        source.CancelAfter(deadline);
        return source;
    }

    private static bool IsOver(RunStatus status) => status.State is not RunState.Running;

    /// <summary>Starts the run and waits until it is halfway.</summary>
    private async Task<RunObserver> StartAsync(ProcessCluster cluster, CancellationToken cancellationToken)
    {
        await cluster.Client.Grains.GetGrain<IRunGrain>(_run).Start(Spec);
        var observer = new RunObserver(cluster, _run);
        await observer.UntilAsync(s => s.Rounds is [{ Counts.Masked: >= Window / 2 }, ..], cancellationToken);
        Assert.Empty(observer.Failures);
        return observer;
    }

    private async Task AssertUnharmedAsync(ProcessCluster cluster, RunStatus status, int interruptions, CancellationToken cancellationToken)
    {
        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(_expected ??= await UndisturbedAsync(cancellationToken), status.ManifestHash);
        foreach (var round in status.Rounds)
        {
            Assert.Equal(Spec.SamplesPerRound, round.Counts.Kept + round.Counts.Dropped + round.Counts.Quarantined);
            var page = await cluster
                .Client.Grains.GetGrain<IRunGrain>(_run)
                .GetSamples(new SampleQuery { Round = round.Round, Limit = 1000 });
            Assert.Equal(Enumerable.Range(0, Spec.SamplesPerRound), page.Samples.Select(s => s.Index));
            Assert.Equal(round.Counts.Kept, page.Samples.Count(s => s.State == SampleState.Kept));
        }

        var redone = cluster.Executions(_run).Values.Sum(n => n - 1);
        output.WriteLine($"{_provider}: {redone} pieces of work were done again; {Window} were in flight");
        foreach (var line in cluster.Repeated(_run)) output.WriteLine(line);
        Assert.InRange(redone, 0, interruptions * Window);
    }

    private void AssertRecovery(string what, TimeSpan took, TimeSpan limit)
    {
        var message = $"{_provider}: {what}: {took.TotalSeconds:0.0} s (at most {limit.TotalSeconds:0} s)";
        output.WriteLine(message);
        Assert.True(took <= limit, message);
    }

    /// <summary>The manifest of the same run on one undisturbed silo.</summary>
    private static async Task<string> UndisturbedAsync(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using var silo = await TestSilo.StartAsync(folder.Path, cancellationToken);
        return (await silo.CompleteAsync("undisturbed", Spec)).ManifestHash!;
    }
}

/// <summary>Processes, one cluster after the other, because their timing is measured.</summary>
[CollectionDefinition("processes", DisableParallelization = true)]
public sealed class ProcessCollection;

[Collection("processes")]
public sealed class RedisClusterFaultTests(RedisClusterFaultTests.Cluster cluster, LocalServices services, ITestOutputHelper output)
    : ClusterFaultTests(cluster, services, output), IClassFixture<RedisClusterFaultTests.Cluster>
{
    [Fact]
    public Task All_silos_are_replaced_and_no_work_is_lost() => ReplaceAllSilosAsync();

    [Fact]
    public async Task A_store_that_lost_its_last_writes_is_read_again_by_living_silos()
    {
        long kept = 0;
        await TheStoreComesBackOlderAsync(
            () => kept = Services.RedisLog().Length,
            async () =>
            {
                await Services.StopAsync("redis");
                using (var log = Services.RedisLog().Open(FileMode.Open, FileAccess.Write)) log.SetLength(kept);
                await Services.StartAsync("redis");
            });
    }

    public sealed class Cluster(LocalServices services) : SharedCluster(services, Provider.Redis);
}

[Collection("processes")]
public sealed class PostgreSqlClusterFaultTests(
    PostgreSqlClusterFaultTests.Cluster cluster,
    LocalServices services,
    ITestOutputHelper output
) : ClusterFaultTests(cluster, services, output), IClassFixture<PostgreSqlClusterFaultTests.Cluster>
{
    public sealed class Cluster(LocalServices services) : SharedCluster(services, Provider.PostgreSql);
}

/// <summary>
/// Everything in Azure tables. What depends on the store is tested always; the other faults, whose outcome the stores of the other classes
/// show, take minutes more and are started by name (<c>-explicit only</c>).
/// </summary>
[Collection("processes")]
public sealed class AzureTableClusterFaultTests(
    AzureTableClusterFaultTests.Cluster cluster,
    LocalServices services,
    ITestOutputHelper output
) : ClusterFaultTests(cluster, services, output), IClassFixture<AzureTableClusterFaultTests.Cluster>
{
    [Fact(Explicit = true)]
    public override Task A_silo_that_joins_gets_work() => base.A_silo_that_joins_gets_work();

    [Fact(Explicit = true)]
    public override Task The_leader_leaves_and_no_call_fails() => base.The_leader_leaves_and_no_call_fails();

    [Fact(Explicit = true)]
    public override Task A_silo_that_freezes_and_resumes_cannot_write() => base.A_silo_that_freezes_and_resumes_cannot_write();

    [Fact(Explicit = true)]
    public override Task All_silos_are_killed_and_the_run_goes_on_when_others_start() =>
        base.All_silos_are_killed_and_the_run_goes_on_when_others_start();

    public sealed class Cluster(LocalServices services) : SharedCluster(services, Provider.AzureTable);
}

/// <summary>State in Azure blobs: that an outdated writer is refused is tested always, the other faults as for tables.</summary>
[Collection("processes")]
public sealed class AzureBlobClusterFaultTests(
    AzureBlobClusterFaultTests.Cluster cluster,
    LocalServices services,
    ITestOutputHelper output
) : ClusterFaultTests(cluster, services, output), IClassFixture<AzureBlobClusterFaultTests.Cluster>
{
    [Fact(Explicit = true)]
    public override Task The_leader_is_killed() => base.The_leader_is_killed();

    [Fact(Explicit = true)]
    public override Task A_silo_that_joins_gets_work() => base.A_silo_that_joins_gets_work();

    [Fact(Explicit = true)]
    public override Task The_leader_leaves_and_no_call_fails() => base.The_leader_leaves_and_no_call_fails();

    [Fact(Explicit = true)]
    public override Task The_store_is_restarted() => base.The_store_is_restarted();

    [Fact(Explicit = true)]
    public override Task All_silos_are_killed_and_the_run_goes_on_when_others_start() =>
        base.All_silos_are_killed_and_the_run_goes_on_when_others_start();

    public sealed class Cluster(LocalServices services) : SharedCluster(services, Provider.AzureBlob);
}
