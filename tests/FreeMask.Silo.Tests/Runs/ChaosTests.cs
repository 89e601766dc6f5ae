using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Randomness;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>
/// Silos are killed, stopped and started and grains are deactivated at random times of a run. Each seed is one run with its own faults;
/// <c>FREEMASK_CHAOS_SEEDS</c> is the number of seeds (20; 200 for a night), <c>FREEMASK_CHAOS_FIRST</c> the first seed.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output) : IDisposable
{
    private const short Silos = 3;
    private const int AccidentsPerRun = 3;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 7_200_000)]
    public async Task Random_failures_do_not_change_the_manifest()
    {
        var (first, seeds) = (Setting("FREEMASK_CHAOS_FIRST", 1), Setting("FREEMASK_CHAOS_SEEDS", 20));
        await using var cluster = await TestCluster.StartAsync(_folder.Path, Silos, TestContext.Current.CancellationToken);
        await StartStubbornlyAsync(cluster, "straight");
        Assert.Equal(RunState.Completed, await cluster.RestingAsync("straight"));
        var straight = await StatusAsync(cluster, "straight");
        var redone = 0;
        for (var seed = first; seed < first + seeds; seed++)
        {
            var run = $"seed-{seed}";
            var began = TimeProvider.System.GetTimestamp();
            var accidents = await SufferAsync(cluster, run, new CounterRandom((ulong)seed, "chaos"));
            output.WriteLine($"seed {seed}: {string.Join("; ", accidents)}");
            Assert.Equal(RunState.Completed, await cluster.RestingAsync(run));
            var status = await StatusAsync(cluster, run);
            if (straight.ManifestHash != status.ManifestHash)
                Assert.Fail($"seed {seed} led to another manifest: "
                    + $"{await ManifestDifferences.DescribeAsync(cluster.Artifacts, straight, status)}");
            Assert.All(status.Rounds, r => Assert.Equal(r.Counts.Planned, r.Counts.Kept + r.Counts.Dropped + r.Counts.Quarantined));
            var again = cluster.Stages.Executions.Where(e => e.Key.StartsWith($"{run}/", StringComparison.Ordinal)).Sum(e => e.Value - 1);
            output.WriteLine($"seed {seed}: complete after {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s; {again} "
                + "pieces of work were done twice");
            // A fault repeats at most the work in flight: twice a batch for each active shard.
            Assert.True(again <= AccidentsPerRun * TestSilo.SmallSpec.SamplesPerRound, $"seed {seed}: {again} pieces of work were done "
                + "twice");
            redone += again;
        }

        output.WriteLine($"{seeds} runs, {seeds * AccidentsPerRun} accidents, {redone} pieces of work done twice");
    }

    /// <summary>Starts a run and injects faults after random numbers of batches.</summary>
    private static async Task<List<string>> SufferAsync(TestCluster cluster, string run, CounterRandom random)
    {
        var accidents = new List<string>();
        for (var i = 0; i < AccidentsPerRun; i++)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var batches = 1 + random.NextInt(10);
            var left = batches;
            cluster.Stages.Before = (_, _, _) =>
            {
                if (Interlocked.Decrement(ref left) == 0) reached.TrySetResult();
                return Task.CompletedTask;
            };
            if (i == 0) await StartStubbornlyAsync(cluster, run);
            // The run may end before the fault.
            await Task.WhenAny(reached.Task, cluster.RestingAsync(run));
            var accident = await CauseAsync(cluster, run, random);
            accidents.Add($"after {batches} batches {accident}");
        }

        return accidents;
    }

    private static async Task<string> CauseAsync(TestCluster cluster, string run, CounterRandom random)
    {
        var silos = cluster.Silos.Silos;
        var victim = silos[random.NextInt(silos.Count)];
        switch (random.NextInt(4))
        {
            case 0:
                await cluster.Silos.KillSiloAsync(victim);
                await cluster.Silos.StartAdditionalSiloAsync();
                return $"{victim.Name} is killed and another starts";
            case 1:
                await cluster.Silos.StopSiloAsync(victim);
                await cluster.Silos.StartAdditionalSiloAsync();
                return $"{victim.Name} is stopped and another starts";
            case 2:
                // Two at once: only one of three is left, which takes everything over.
                await cluster.Silos.KillSiloAsync(victim);
                var next = cluster.Silos.Silos[random.NextInt(cluster.Silos.Silos.Count)];
                await cluster.Silos.KillSiloAsync(next);
                await cluster.Silos.StartAdditionalSiloAsync();
                await cluster.Silos.StartAdditionalSiloAsync();
                return $"{victim.Name} and {next.Name} are killed and two others start";
            default:
                var grain = GrainOf(cluster.Grains, run, random.NextInt(5), random);
                await cluster.Silos.DeactivateAsync(grain);
                return $"{grain.GetGrainId()} is deactivated";
        }
    }

    private static IAddressable GrainOf(IGrainFactory grains, string run, int kind, CounterRandom random) => kind switch
    {
        0 => grains.GetGrain<IRunGrain>(run),
        1 => grains.GetRound(run, random.NextInt(2)),
        2 => grains.GetShard(run, random.NextInt(2), random.NextInt(3)),
        3 => grains.GetSample(run, random.NextInt(2), random.NextInt(TestSilo.SmallSpec.SamplesPerRound)),
        _ => grains.GetGrain<ITrainerGrain>(run),
    };

    // Right after a fault calls may fail: a user starts again, which is idempotent.
    private static Task StartStubbornlyAsync(TestCluster cluster, string run) =>
        StubbornlyAsync(async () =>
        {
            await cluster.Run(run).Start(TestSilo.SmallSpec);
            return true;
        });

    // After the death of a silo a duplicate activation of the run may answer once more from its memory, before its next write fails and it
    // is deactivated.
    private static Task<RunStatus> StatusAsync(TestCluster cluster, string run) =>
        StubbornlyAsync(async () =>
            await cluster.Run(run).GetStatus() is { State: not RunState.Running } status
                ? status
                : throw new InvalidOperationException($"{run} is still said to run")
        );

    private static async Task<T> StubbornlyAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception exception) when (attempt < 20 && exception is not OperationCanceledException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
            }
        }
    }

    private static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
