using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Grains.Tests.Domain;
using FreeMask.Vision;
using Xunit;

namespace FreeMask.Grains.Tests.Stages;

public sealed class BatchIsolationTests
{
    private static readonly StageInput[] Inputs =
        [.. Enumerable.Range(0, 4).Select(i => new StageInput { Run = "run", Round = 0, Index = i, Attempt = 0, Plan = SamplePlanner.Plan(Specs.Small, 0, i) })];

    [Fact]
    public async Task One_poison_sample_costs_no_other()
    {
        var outcomes = await RunAsync(input => input.Index == 2 ? new InvalidOperationException("bad pixels") : null);
        Assert.Equal([StageResult.Done, StageResult.Done, StageResult.Fault, StageResult.Done], outcomes.Select(o => o.Result));
        Assert.Contains("bad pixels", outcomes[2].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_all_fail_the_model_is_at_fault_once() =>
        Assert.Contains("all of 4", (await Assert.ThrowsAsync<ModelFaultException>(() => RunAsync(_ => new InvalidOperationException("no")))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task An_error_for_the_user_reaches_the_user_as_it_is() =>
        Assert.Equal("get the model", (await Assert.ThrowsAsync<ModelFaultException>(() => RunAsync(_ => new FreeMaskException("get the model")))).Message);

    [Fact]
    public async Task A_store_that_is_away_blames_nobody() =>
        await Assert.ThrowsAsync<ArtifactStoreException>(() => RunAsync(_ => new ArtifactStoreException("away")));

    private static Task<IReadOnlyList<StageOutcome>> RunAsync(Func<StageInput, Exception?> fault) =>
        BatchIsolation.RunAsync(new Runner(fault), StageKind.Generate, Specs.Small, Inputs, TestContext.Current.CancellationToken);

    private sealed class Runner(Func<StageInput, Exception?> fault) : IStageRunner
    {
        public Task<IReadOnlyList<StageOutcome>> RunAsync(StageKind kind, RunSpec spec, IReadOnlyList<StageInput> inputs, CancellationToken cancellationToken)
        {
            foreach (var input in inputs)
                if (fault(input) is { } exception) throw exception;
            return Task.FromResult<IReadOnlyList<StageOutcome>>([.. inputs.Select(_ => StageOutcome.Done([]))]);
        }
    }
}
