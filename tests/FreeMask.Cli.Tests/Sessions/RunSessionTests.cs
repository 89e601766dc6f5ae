using FreeMask.Cli.Bundles;
using FreeMask.Cli.Sessions;
using FreeMask.Cli.Terminal;
using FreeMask.Cli.Tests.Runs;
using FreeMask.GrainInterfaces;
using Spectre.Console.Testing;
using Xunit;

namespace FreeMask.Cli.Tests.Sessions;

public sealed class RunSessionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task Who_follows_a_run_goes_on_with_it_when_the_process_that_worked_has_ended()
    {
        var said = new TestConsole();
        var context = new CommandContext
        {
            Out = new TestConsole(),
            Error = said,
            Json = false,
            Data = new DataFolder(_folder.Root),
            Time = TimeProvider.System,
        };
        var own = new FakeEngine();
        var gone = new GoneEngine();
        await own.Run("run").Start(new RunSpec { Name = "run", Classes = ["cat"] });
        await using var session = new RunSession(gone, _ => Task.FromResult<IEngine>(own), context, BundleCatalog.Locate(static _ => null));
        var outcome = await session.FollowAsync("run", TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Ok, outcome.ExitCode);
        Assert.Contains("this one goes on with it", said.Output, StringComparison.Ordinal);
        Assert.True(gone.IsClosed);
        Assert.Same(own, session.Engine);
    }

    /// <summary>The engine of a process that has ended: its grains never answer.</summary>
    private sealed class GoneEngine : IEngine
    {
        public IGrainFactory Grains => throw new NotSupportedException();

        private readonly FakeEngine _silent = new() { IsSilent = true };

        public bool IsClosed { get; private set; }

        public bool IsRemote => true;

        public bool IsReadOnly => false;

        public bool IsOwnerGone => true;

        public IRunDirectoryGrain Directory => _silent;

        public IArtifactCollectorGrain Collector => _silent.Collector;

        public IRunGrain Run(string id) => _silent.Run(id);

        public Task<ReadOnlyMemory<byte>> ReadArtifactAsync(string hash, CancellationToken stop) => throw new TimeoutException();

        public ValueTask DisposeAsync()
        {
            IsClosed = true;
            return ValueTask.CompletedTask;
        }
    }
}
