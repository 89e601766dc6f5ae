using System.Collections.Concurrent;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>Silos of one cluster with another bundle under the run's name, without bundle, or with another arithmetic.</summary>
public sealed class EnvironmentTests : IDisposable
{
    private const string Bundle = "1111111111111111111111111111111111111111111111111111111111111111";
    private const string OtherBundle = "2222222222222222222222222222222222222222222222222222222222222222";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = 600_000)]
    [InlineData("another bundle")]
    [InlineData("no bundle")]
    [InlineData("another arithmetic")]
    public async Task A_silo_that_would_make_other_data_gets_no_work_and_is_named(string difference)
    {
        var asked = new ConcurrentDictionary<string, IComputeEnvironment>(StringComparer.Ordinal);
        await using var cluster = await TestCluster.StartAsync(_folder.Path, 3, TestContext.Current.CancellationToken, Of);
        var odd = asked.Single(a => a.Value is Environment { IsOdd: true }).Key;
        var workers = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        cluster.Stages.OnSilo = (silo, _) => workers[silo] = true;
        // Small shards and batches: every device that may work gets some.
        var spec = TestSilo.SmallSpec with { SamplesPerRound = 24, Generation = new GenerationSpec { Batch = 1 } };
        var notes = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        cluster.Stages.Before = async (_, inputs, _) =>
        {
            foreach (var note in (await cluster.Run(inputs[0].Run).GetStatus()).Notes) notes[note] = true;
        };
        await cluster.Run("run").Start(spec);
        await cluster.RestingAsync("run");
        var status = await cluster.Run("run").GetStatus();
        Assert.Equal(RunState.Completed, status.State);
        Assert.Equal(new RunEnvironment("plain", "cpu", Bundle), status.Environment);
        Assert.Contains(notes.Keys, note => note.Contains($"silo {odd} ", StringComparison.Ordinal));
        Assert.DoesNotContain(odd, workers.Keys);
        Assert.NotEmpty(workers);

        // Silos start at the same time: the second to ask, and only it, is the odd one.
        IComputeEnvironment Of(string silo)
        {
            lock (asked)
                return asked.GetOrAdd(
                    silo,
                    _ =>
                        asked.Count != 1
                            ? new Environment("plain", Bundle, IsOdd: false)
                            : difference switch
                            {
                                "another bundle" => new Environment("plain", OtherBundle, IsOdd: true),
                                "no bundle" => new Environment("plain", null, IsOdd: true),
                                _ => new Environment("odd", Bundle, IsOdd: true),
                            }
                );
        }
    }

    [Fact(Timeout = 600_000)]
    public async Task Mixed_arithmetic_is_allowed_where_the_run_says_so()
    {
        var number = 0;
        await using var cluster = await TestCluster.StartAsync(
            _folder.Path,
            2,
            TestContext.Current.CancellationToken,
            _ => new Environment($"arithmetic {Interlocked.Increment(ref number)}", Bundle, IsOdd: false)
        );
        await cluster
            .Run("run")
            .Start(TestSilo.SmallSpec with { Execution = TestSilo.SmallSpec.Execution with { MixedArithmetic = true } });
        Assert.Equal(RunState.Completed, await cluster.RestingAsync("run"));
        Assert.Empty((await cluster.Run("run").GetStatus()).Notes);
    }

    [Fact(Timeout = 600_000)]
    public async Task Silos_that_cannot_train_for_a_run_leave_it_to_the_one_that_can()
    {
        await using var cluster = await TestCluster.StartAsync(_folder.Path, 3, TestContext.Current.CancellationToken);
        // The first two silos that are asked cannot, the third can.
        var asked = new List<string>();
        var turns = new List<string>();
        cluster.Training.Refuses = silo =>
        {
            lock (asked)
            {
                if (!asked.Contains(silo)) asked.Add(silo);
                // A silo may be asked again until the trainer has left it.
                if (turns.LastOrDefault() != silo) turns.Add(silo);
                return asked.Count < 3 || asked.IndexOf(silo) < 2 ? "it does not run training programs" : null;
            }
        };
        await cluster.Run("run").Start(TestSilo.SmallSpec);
        Assert.Equal(RunState.Completed, await cluster.RestingAsync("run"));
        Assert.Equal([asked[2]], cluster.Training.TrainedOn.Keys);
        // Each in its turn, and none twice.
        Assert.Equal(asked, turns);
    }

    [Fact(Timeout = 600_000)]
    public async Task Trainings_and_evaluations_go_to_silos_that_have_their_data_and_the_others_are_named()
    {
        await using var cluster = await TestCluster.StartAsync(_folder.Path, 3, TestContext.Current.CancellationToken);
        // The silo that is asked first lacks the images, and the one that trains lacks the test set.
        var first = new ConcurrentDictionary<JobKind, string>();
        cluster.Training.Lacks = (silo, kind) =>
            first.GetOrAdd(kind, silo) != silo ? null : kind == JobKind.Train ? "No folder /images." : "No folder /test.";
        var notes = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        cluster.Training.AfterCheckpoint = async (_, _) =>
        {
            foreach (var note in (await cluster.Run("run").GetStatus()).Notes) notes[note] = true;
        };
        await cluster.Run("run").Start(TestSilo.SmallSpec);
        Assert.Equal(RunState.Completed, await cluster.RestingAsync("run"));

        var status = await cluster.Run("run").GetStatus();
        Assert.Empty(status.Notes);
        Assert.Equal([$"Silo {first[JobKind.Train]}: No folder /images."], notes.Keys);
        Assert.DoesNotContain(first[JobKind.Train], cluster.Training.TrainedOn.Keys);
        Assert.DoesNotContain(first[JobKind.Evaluate], cluster.Training.EvaluatedOn.Keys);
        using var folder = new TemporaryFolder();
        await using var alone = await TestSilo.StartAsync(folder.Path, TestContext.Current.CancellationToken);
        Assert.Equal((await alone.CompleteAsync("run", TestSilo.SmallSpec)).ManifestHash, status.ManifestHash);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_run_whose_data_no_silo_has_fails_with_one_message_and_a_retry_goes_on(short silos)
    {
        await using var cluster = await TestCluster.StartAsync(_folder.Path, silos, TestContext.Current.CancellationToken);
        var asked = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        cluster.Training.Lacks = (silo, _) =>
        {
            asked[silo] = true;
            return "No folder /images.";
        };
        await cluster.Run("run").Start(TestSilo.SmallSpec);
        Assert.Equal(RunState.Failed, await cluster.RestingAsync("run"));

        var reason = (await cluster.Run("run").GetStatus()).Reason!;
        Assert.Equal(silos, asked.Count);
        if (silos == 1) Assert.Equal("No folder /images.", reason);
        else Assert.All(asked.Keys, silo => Assert.Contains($"Silo {silo}: No folder /images.", reason, StringComparison.Ordinal));

        cluster.Training.Lacks = (_, _) => null;
        cluster.Arm("run");
        await cluster.Run("run").Retry(null);
        Assert.Equal(RunState.Completed, await cluster.RestingAsync("run"));
    }

    [Fact(Timeout = 600_000)]
    public async Task A_run_whose_bundle_no_silo_has_fails_before_any_work()
    {
        await using var cluster = await TestCluster.StartAsync(
            _folder.Path,
            2,
            TestContext.Current.CancellationToken,
            _ => new Environment("plain", null, IsOdd: true)
        );
        await cluster.Run("run").Start(TestSilo.SmallSpec);
        Assert.Equal(RunState.Failed, await cluster.RestingAsync("run"));
        Assert.Contains("There is no model bundle", (await cluster.Run("run").GetStatus()).Reason, StringComparison.Ordinal);
        Assert.Empty(cluster.Stages.Executions);
    }

    private sealed record Environment(string Arithmetic, string? Hash, bool IsOdd) : IComputeEnvironment
    {
        public Task<string?> HashBundleAsync(string model, CancellationToken cancellationToken) =>
            Hash is null ? throw new FreeMaskException($"There is no model bundle '{model}'.") : Task.FromResult<string?>(Hash);
    }
}
