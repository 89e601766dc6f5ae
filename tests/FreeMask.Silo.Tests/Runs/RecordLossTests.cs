using FreeMask.GrainInterfaces;
using FreeMask.Grains.Rounds;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Data.Sqlite;
using Xunit;

namespace FreeMask.Silo.Tests.Runs;

/// <summary>
/// The grain storage loses a record, or is restored to an earlier state, while the silo is active: the run detects it, and its data set is
/// the same.
/// </summary>
public sealed class RecordLossTests(ITestOutputHelper output) : IDisposable
{
    private const int Lost = 3;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Timeout = 600_000)]
    [InlineData(Stage.Mask)]
    [InlineData(Stage.Compose)]
    [InlineData(Stage.Harmonize)]
    [InlineData(Stage.Score)]
    public async Task A_record_that_is_lost_is_made_again_while_the_run_works(Stage moment)
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);
        var deleted = 0;
        silo.Stages.Before = (kind, inputs, _) =>
        {
            if (kind == moment && inputs[0].Run == "run" && inputs.Any(i => i.Index == Lost) && Interlocked.Exchange(ref deleted, 1) == 0)
                Assert.Equal(1, Execute($"DELETE FROM records WHERE key LIKE '%/run/0/{Lost}' AND kind = 'sample'"));
            return Task.CompletedTask;
        };
        await AssertMadeAgainAsync(silo, straight, await silo.CompleteAsync("run", TestSilo.SmallSpec));
        Assert.Equal(1, deleted);
    }

    [Theory(Timeout = 600_000)]
    [InlineData(Stage.Compose)]
    [InlineData(Stage.Score)]
    public async Task A_record_that_is_lost_while_no_silo_lives_is_made_again(Stage moment)
    {
        RunStatus straight;
        await using (var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken))
        {
            straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);
            var reached = new TaskCompletionSource();
            silo.Stages.Before = async (kind, inputs, token) =>
            {
                if (kind != moment || inputs[0].Run != "run") return;
                reached.TrySetResult();
                await Task.Delay(Timeout.Infinite, token);
            };
            await silo.Run("run").Start(TestSilo.SmallSpec);
            await reached.Task.WaitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(1, Execute($"DELETE FROM records WHERE key LIKE '%/run/0/{Lost}' AND kind = 'sample'"));
        await using var next = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        await AssertMadeAgainAsync(next, straight, await next.CompleteAsync("run", TestSilo.SmallSpec));
    }

    [Theory(Timeout = 600_000)]
    [InlineData(Stage.Generate, Stage.Mask)]
    [InlineData(Stage.Generate, Stage.Compose)]
    [InlineData(Stage.Mask, Stage.Harmonize)]
    [InlineData(Stage.Harmonize, Stage.Score)]
    public async Task A_store_that_comes_back_older_is_read_again_without_a_restart(Stage from, Stage to)
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        var straight = await silo.CompleteAsync("straight", TestSilo.SmallSpec);
        using var database = Open();
        var (kept, restored) = (0, 0);
        silo.Stages.Before = (kind, inputs, _) =>
        {
            if (inputs[0].Run != "run") return Task.CompletedTask;
            if (kind == from && Interlocked.Increment(ref kept) == 2) Execute(database, "CREATE TEMP TABLE kept AS SELECT * FROM records");
            if (kind == to && Interlocked.Increment(ref restored) == 2)
                Execute(database, "BEGIN IMMEDIATE; DELETE FROM records; INSERT INTO records SELECT * FROM kept; COMMIT");
            return Task.CompletedTask;
        };
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        Assert.True(restored >= 2);
        var work = silo.Stages.Executions.Where(e => e.Key.StartsWith("run/", StringComparison.Ordinal)).Sum(e => e.Value);
        output.WriteLine($"{work} pieces of work for {TestSilo.SmallSpec.Rounds * TestSilo.SmallSpec.SamplesPerRound} samples");
        Assert.Equal(RunState.Completed, status.State);
        await ManifestDifferences.AssertEqualAsync(silo.Artifacts, straight, status);
        // All work of the open round may be repeated once or twice, but not without end.
        Assert.InRange(work, 1, 3 * 5 * TestSilo.SmallSpec.Rounds * TestSilo.SmallSpec.SamplesPerRound);
    }

    [Fact(Timeout = 600_000)]
    public async Task A_store_that_keeps_nothing_fails_the_run_with_one_message_instead_of_working_for_ever()
    {
        await using var silo = await TestSilo.StartAsync(_folder.Path, TestContext.Current.CancellationToken);
        silo.Stages.Before = (kind, _, _) =>
        {
            Execute("DELETE FROM records WHERE kind = 'sample'");
            return Task.CompletedTask;
        };
        var status = await silo.CompleteAsync("run", TestSilo.SmallSpec);
        Assert.Equal(RunState.Failed, status.State);
        Assert.Contains("the store does not keep what is written", status.Reason, StringComparison.Ordinal);
    }

    private static async Task AssertMadeAgainAsync(TestSilo silo, RunStatus straight, RunStatus status)
    {
        Assert.Equal(RunState.Completed, status.State);
        await ManifestDifferences.AssertEqualAsync(silo.Artifacts, straight, status);
        Assert.Contains(status.Rounds[0].Failures, f => f.Reason == RecordVerifier.LostReason && f.Example == Lost);
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(_folder.Path, "state.db"), Pooling = false }.ToString()
        );
        connection.Open();
        Execute(connection, "PRAGMA busy_timeout=10000");
        return connection;
    }

    private int Execute(string sql)
    {
        using var connection = Open();
        return Execute(connection, sql);
    }

    private static int Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }
}
