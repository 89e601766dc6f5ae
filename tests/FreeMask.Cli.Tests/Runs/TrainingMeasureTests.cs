using FreeMask.Cli.Runs;
using FreeMask.GrainInterfaces;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

public sealed class TrainingMeasureTests
{
    private static readonly RunSpec Spec = new()
    {
        Name = "measured",
        Classes = ["cat", "dog"],
        Training = new TrainingSpec { Init = "none", Size = 32, Batch = 2, Steps = 1 },
    };

    [Fact]
    public void A_step_of_training_is_measured()
    {
        Assert.InRange(Seconds(Spec) ?? -1, double.Epsilon, 600);
    }

    [Fact]
    public void The_steps_of_another_program_are_not()
    {
        Assert.Null(Seconds(Spec with { Trainer = new TrainerSpec { Command = ["train"] } }));
    }

    [Fact]
    public void Without_the_weights_to_start_from_nothing_is_measured()
    {
        Assert.Null(Seconds(Spec with { Training = Spec.Training with { Init = "bundle" } }));
    }

    [Fact]
    public void A_cancelled_measurement_ends()
    {
        Assert.Throws<OperationCanceledException>(
            () => TrainingMeasure.SecondsOfStep(Spec, null, device: null, TimeProvider.System, new CancellationToken(canceled: true))
        );
    }

    private static double? Seconds(RunSpec spec) =>
        TrainingMeasure.SecondsOfStep(spec, bundle: null, device: null, TimeProvider.System, TestContext.Current.CancellationToken);
}
