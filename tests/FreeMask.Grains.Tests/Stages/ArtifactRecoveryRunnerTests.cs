using System.Collections.Concurrent;
using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Grains.Tests.Domain;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FreeMask.Grains.Tests.Stages;

public sealed class ArtifactRecoveryRunnerTests
{
    private readonly MemoryStore _store = new();
    private readonly Handlers _handlers;

    public ArtifactRecoveryRunnerTests() => _handlers = new Handlers(_store);

    [Fact]
    public async Task A_lost_artifact_of_the_batch_is_made_again_by_its_stage_and_the_work_is_done()
    {
        var input = await SampleAsync(0);
        _store.Lose(input.Artifact(ArtifactNames.Image));
        var outcomes = await Runner(null).RunAsync(Stage.Mask, Specs.Small, [input], TestContext.Current.CancellationToken);
        Assert.Equal(StageResult.Done, Assert.Single(outcomes).Result);
        Assert.Equal([Stage.Mask, Stage.Generate, Stage.Mask], _handlers.Calls);
    }

    [Fact]
    public async Task Artifacts_of_later_stages_are_not_given_to_the_stage_that_makes_one_again()
    {
        var input = await SampleAsync(0);
        input = input with
        {
            Artifacts = input.Artifacts.Add(
                new ArtifactReference(ArtifactNames.Label, await _store.PutAsync("label"u8.ToArray(), default), "cpu")
            ),
        };
        _store.Lose(input.Artifact(ArtifactNames.Image));
        await Runner(null).RunAsync(Stage.Mask, Specs.Small, [input], TestContext.Current.CancellationToken);
        Assert.Empty(_handlers.InputsOf(Stage.Generate).Single().Artifacts);
    }

    [Fact]
    public async Task A_lost_donor_is_made_again_from_its_own_record()
    {
        var (own, donor) = (await SampleAsync(0), await SampleAsync(1));
        var label = await _store.PutAsync("label"u8.ToArray(), default);
        var list = await SampleLists.WriteAsync(_store, [new ListedSample(1, 1, donor.Artifact(ArtifactNames.Image), label)], default);
        var snapshot = await SampleLists.WriteSnapshotAsync(_store, [new SampleList(list, 1)], default);
        _store.Lose(donor.Artifact(ArtifactNames.Image));
        _handlers.ReadsAlso = donor.Artifact(ArtifactNames.Image);
        var record = SamplePlanner.Fresh(Specs.Small, 0, 1) with { State = SampleState.Masked, Artifacts = donor.Artifacts };
        var runner = Runner(snapshot, index => Task.FromResult<SampleRecord?>(index == 1 ? record : null));
        await runner.RunAsync(Stage.Compose, Specs.Small, [own with { Donors = snapshot }], TestContext.Current.CancellationToken);
        Assert.Equal(1, _handlers.InputsOf(Stage.Generate).Single().Index);
    }

    [Fact]
    public async Task An_artifact_that_is_lost_twice_or_has_no_owner_is_reported()
    {
        var input = await SampleAsync(0);
        _handlers.ReadsAlso = ArtifactHash.Of("nobody's"u8);
        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() =>
            Runner(null).RunAsync(Stage.Mask, Specs.Small, [input], TestContext.Current.CancellationToken)
        );
        Assert.Equal(_handlers.ReadsAlso, lost.Hash);
        _handlers.ReadsAlso = null;
        _handlers.MakesOtherBytes = true;
        _store.Lose(input.Artifact(ArtifactNames.Image));
        await Assert.ThrowsAsync<ArtifactLostException>(() =>
            Runner(null).RunAsync(Stage.Mask, Specs.Small, [input], TestContext.Current.CancellationToken)
        );
    }

    private ArtifactRecoveryRunner Runner(string? donors, Func<int, Task<SampleRecord?>>? read = null) =>
        new(_handlers, StageTable.Default, _store, donors, read ?? (_ => Task.FromResult<SampleRecord?>(null)), null, NullLogger.Instance);

    private async Task<StageInput> SampleAsync(int index)
    {
        var input = new StageInput { Run = "run", Round = 0, Index = index, Attempt = 0, Plan = SamplePlanner.Plan(Specs.Small, 0, index) };
        var outcome = (await _handlers.RunAsync(Stage.Generate, Specs.Small, [input], default))[0];
        _handlers.Forget();
        return input with { Artifacts = [.. outcome.Artifacts.Select(a => new ArtifactReference(a.Name, a.Hash, "cpu"))] };
    }

    /// <summary>Generate makes bytes that follow from the index; every stage reads its inputs.</summary>
    private sealed class Handlers(MemoryStore store) : IStageRunner
    {
        private readonly List<(Stage Stage, StageInput Input)> _calls = [];

        public string? ReadsAlso { get; set; }

        public bool MakesOtherBytes { get; set; }

        public IEnumerable<Stage> Calls => _calls.Select(c => c.Stage);

        public IEnumerable<StageInput> InputsOf(Stage stage) => _calls.Where(c => c.Stage == stage).Select(c => c.Input);

        public void Forget() => _calls.Clear();

        public async Task<IReadOnlyList<StageOutcome>> RunAsync(
            Stage stage,
            RunSpec spec,
            IReadOnlyList<StageInput> inputs,
            CancellationToken cancellationToken
        )
        {
            var outcomes = new List<StageOutcome>();
            foreach (var input in inputs)
            {
                _calls.Add((stage, input));
                if (stage != Stage.Generate)
                {
                    foreach (var artifact in input.Artifacts) await store.GetAsync(artifact.Hash, cancellationToken);
                    if (ReadsAlso is { } other) await store.GetAsync(other, cancellationToken);
                    outcomes.Add(StageOutcome.Done([]));
                    continue;
                }

                var bytes = Encoding.UTF8.GetBytes($"image {input.Index} {MakesOtherBytes}");
                outcomes.Add(StageOutcome.Done([(ArtifactNames.Image, await store.PutAsync(bytes, cancellationToken))]));
            }

            return outcomes;
        }
    }

    private sealed class MemoryStore : IArtifactStore
    {
        private readonly ConcurrentDictionary<string, byte[]> _artifacts = new(StringComparer.Ordinal);

        public void Lose(string hash) => _artifacts.TryRemove(hash, out _);

        public Task<string> PutAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            var hash = ArtifactHash.Of(bytes.Span);
            _artifacts[hash] = bytes.ToArray();
            return Task.FromResult(hash);
        }

        public Task<ReadOnlyMemory<byte>> GetAsync(string hash, CancellationToken cancellationToken) =>
            _artifacts.TryGetValue(hash, out var bytes)
                ? Task.FromResult<ReadOnlyMemory<byte>>(bytes)
                : throw new ArtifactLostException(hash, $"{hash} is lost");

        public Task<bool> ExistsAsync(string hash, CancellationToken cancellationToken) => Task.FromResult(_artifacts.ContainsKey(hash));

        public IAsyncEnumerable<StoredArtifact> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> DeleteAsync(string hash, DateTimeOffset putBefore, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
