using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Stages;

public sealed class PoisonSampleIsolatorTests
{
    private static readonly StageInput[] Inputs =
    [
        .. Enumerable
            .Range(0, 4)
            .Select(i => new StageInput
            {
                Run = "run",
                Round = 0,
                Index = i,
                Attempt = 0,
                Plan = SamplePlanner.Plan(Specs.Small, 0, i),
            }),
    ];

    [Fact]
    public async Task One_poison_sample_costs_no_other()
    {
        var outcomes = await RunAsync(input => input.Index == 2 ? new InvalidOperationException("bad pixels") : null);
        Assert.Equal([StageResult.Done, StageResult.Done, StageResult.Fault, StageResult.Done], outcomes.Select(o => o.Result));
        Assert.Contains("bad pixels", outcomes[2].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_all_fail_the_model_is_at_fault_once() =>
        Assert.Contains(
            "all of 4",
            (await Assert.ThrowsAsync<ModelFaultException>(() => RunAsync(_ => new InvalidOperationException("no")))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public async Task Poison_samples_that_remain_together_do_not_count_as_a_model_fault()
    {
        var leftOver = Inputs.Select(i => i with { Faults = 1 }).ToArray();
        var outcomes = await RunAsync(_ => new InvalidOperationException("poison"), leftOver);
        Assert.All(outcomes, o => Assert.Equal(StageResult.Fault, o.Result));
        Assert.All(
            await RunAsync(_ => new InvalidOperationException("poison"), Inputs[..2], proven: true),
            o => Assert.Equal(StageResult.Fault, o.Result)
        );
    }

    [Fact]
    public async Task A_model_that_worked_before_can_still_break()
    {
        await Assert.ThrowsAsync<ModelFaultException>(() =>
            RunAsync(_ => new InvalidOperationException("device lost"), Inputs, proven: true)
        );
        await Assert.ThrowsAsync<ModelFaultException>(() => RunAsync(_ => new InvalidOperationException("device lost"), Inputs[..2]));
    }

    [Fact]
    public async Task An_error_for_the_user_reaches_the_user_as_it_is() =>
        Assert.Equal(
            "get the model",
            (await Assert.ThrowsAsync<ModelFaultException>(() => RunAsync(_ => new FreeMaskException("get the model")))).Message
        );

    [Fact]
    public async Task An_unavailable_store_counts_no_fault() =>
        await Assert.ThrowsAsync<ArtifactStoreException>(() => RunAsync(_ => new ArtifactStoreException("away")));

    private static Task<IReadOnlyList<StageOutcome>> RunAsync(
        Func<StageInput, Exception?> fault,
        StageInput[]? inputs = null,
        bool proven = false
    ) =>
        new PoisonSampleIsolator(new Runner(fault), StageTable.Default, proven).RunAsync(
            Stage.Generate,
            Specs.Small,
            inputs ?? Inputs,
            TestContext.Current.CancellationToken
        );

    private sealed class Runner(Func<StageInput, Exception?> fault) : IStageRunner
    {
        public Task<IReadOnlyList<StageOutcome>> RunAsync(
            Stage kind,
            RunSpec spec,
            IReadOnlyList<StageInput> inputs,
            CancellationToken cancellationToken
        )
        {
            foreach (var input in inputs)
                if (fault(input) is { } exception) throw exception;
            return Task.FromResult<IReadOnlyList<StageOutcome>>([.. inputs.Select(_ => StageOutcome.Done([]))]);
        }
    }
}
