using System.Collections.Immutable;
using FreeMask.Cli.Checks;
using FreeMask.GrainInterfaces;
using Xunit;

namespace FreeMask.Cli.Tests.Checks;

/// <summary>The bundles of the silos of a cluster are compared before a run.</summary>
public sealed class SiloCheckTests
{
    private static readonly string Own = new('a', 64), Other = new('b', 64);

    private static readonly TrainingOffer Trains = new(HostsTrainers: true);

    private static readonly RunSpec Spec = new() { Name = "a", Classes = ["cat"] };

    [Fact]
    public void Silos_with_the_same_bundle_are_sound()
    {
        var found = SiloCheck.Judge(Spec, [Silo("one", Own, 1), Silo("two", Own, 2)]);

        Assert.Empty(found.Problems);
        Assert.Empty(found.Notes);
    }

    [Fact]
    public void A_silo_with_another_bundle_gets_no_work_and_is_named()
    {
        var found = SiloCheck.Judge(Spec, [Silo("one", Other, 1), Silo("two", Own, 2)]);

        Assert.Empty(found.Problems);
        Assert.Contains("silo one has another bundle under the name 'mini'", Assert.Single(found.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_whose_silos_all_lack_the_bundle_is_refused()
    {
        var lacking = new SiloEnvironment("x64", null, "There is no model bundle 'mini'");
        var found = SiloCheck.Judge(Spec, [new("two", Devices(1), lacking, Trains), new("one", Devices(1), lacking, Trains)]);

        Assert.Equal(
            [
                "silo one cannot work for this run: There is no model bundle 'mini'.",
                "silo two cannot work for this run: There is no model bundle 'mini'.",
            ],
            found.Problems
        );
    }

    [Fact]
    public void A_silo_that_does_not_answer_is_named_and_the_others_can_work()
    {
        var silent = new SiloAnswer("one", [], new SiloEnvironment("", null, "it does not answer"), new(HostsTrainers: false));
        var found = SiloCheck.Judge(Spec, [silent, Silo("two", Own, 1)]);

        Assert.Empty(found.Problems);
        Assert.Contains("silo one cannot work for this run: it does not answer", Assert.Single(found.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_arithmetic_is_named_unless_the_run_allows_it()
    {
        SiloAnswer[] silos = [Silo("one", Own, 2), Silo("two", Own, 1) with { Environment = new("arm64", Own, null) }];

        Assert.Contains("silo two computes as 'arm64'", Assert.Single(SiloCheck.Judge(Spec, silos).Notes), StringComparison.Ordinal);
        var mixed = Spec with { Execution = new ExecutionSpec { MixedArithmetic = true } };
        Assert.Empty(SiloCheck.Judge(mixed, silos).Notes);
    }

    [Fact]
    public void A_cluster_without_devices_is_waited_for() =>
        Assert.Contains("has a device", Assert.Single(SiloCheck.Judge(Spec, []).Notes), StringComparison.Ordinal);

    [Fact]
    public void A_silo_without_the_data_of_trainings_is_named_and_the_others_train()
    {
        const string Lack = "The folder /data/street does not exist.";
        var lacks = Trains with { TrainingLack = Lack };
        var found = SiloCheck.Judge(Spec, [Silo("one", Own, 1) with { Offer = lacks }, Silo("two", Own, 1)]);

        Assert.Empty(found.Problems);
        Assert.Equal($"silo one trains nothing for this run: {Lack}", Assert.Single(found.Notes));
    }

    [Fact]
    public void Trainings_and_evaluations_may_have_their_data_on_different_silos_but_not_on_none()
    {
        SiloAnswer[] silos =
        [
            Silo("one", Own, 1) with { Offer = Trains with { TrainingLack = "No images." } },
            Silo("two", Own, 1) with { Offer = Trains with { EvaluationLack = "No test set." } },
        ];
        Assert.Empty(SiloCheck.Judge(Spec, silos).Problems);
        Assert.Equal(2, SiloCheck.Judge(Spec, silos).Notes.Count);

        var coordinator = Silo("three", Own, 0) with { Offer = new(HostsTrainers: false) };
        Assert.Equal(
            ["silo two evaluates nothing for this run: No test set."],
            SiloCheck.Judge(Spec, [silos[1], coordinator]).Problems
        );
    }

    [Fact]
    public void A_cluster_in_which_no_silo_runs_training_programs_is_noted()
    {
        var refuses = Trains with { Refusal = "this silo does not run training programs" };
        var found = SiloCheck.Judge(Spec, [Silo("one", Own, 1) with { Offer = refuses }]);

        Assert.Empty(found.Problems);
        Assert.Equal("silo one cannot train for this run: this silo does not run training programs.", Assert.Single(found.Notes));
        Assert.Empty(SiloCheck.Judge(Spec, [Silo("one", Own, 1) with { Offer = refuses }, Silo("two", Own, 1)]).Notes);
    }

    private static SiloAnswer Silo(string name, string bundle, int devices) =>
        new(name, Devices(devices), new SiloEnvironment("x64", bundle, null), Trains);

    private static ImmutableArray<DeviceState> Devices(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new DeviceState($"d{i}", "cpu", 0))];
}
