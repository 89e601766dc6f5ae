using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

public sealed class ManifestTests
{
    private static readonly SampleRecord Kept = new()
    {
        Round = 1,
        Index = 2,
        Plan = SamplePlanner.Plan(Specs.Small with { Generation = new GenerationSpec { Prompts = ["{a class}"] } }, 1, 2),
        State = SampleState.Kept,
        Attempt = 3,
        Score = 0.25,
        Artifacts =
        [
            new ArtifactReference(ArtifactNames.Attention, "aa", "cpu"),
            new ArtifactReference(ArtifactNames.CompositeLabel, "bb", "cpu"),
            new ArtifactReference(ArtifactNames.FinalImage, "cc", "cpu"),
        ],
    };

    [Fact]
    public void A_sample_is_one_line_of_what_the_data_set_holds() =>
        Assert.Equal(
            """{"round":1,"index":2,"stage":"kept","class":"tvmonitor","prompt":"a tv monitor","attempt":3,"score":0.25"""
                + ""","composite-label":"bb","final-image":"cc"}"""
                + "\n",
            Encoding.UTF8.GetString(Manifest.SampleLine(Kept))
        );

    [Fact]
    public void A_second_use_names_its_drawing() =>
        Assert.Contains(
            "\"prompt\":\"a tv monitor\",\"drawing\":0,\"attempt\"",
            Encoding.UTF8.GetString(Manifest.SampleLine(Kept with { Plan = Kept.Plan with { Drawing = 0 } })),
            StringComparison.Ordinal
        );

    [Fact]
    public void How_the_run_went_leaves_no_trace()
    {
        var troubled = Kept with
        {
            Faults = 2,
            Failure = "away",
            Operation = "x",
            ScoringModel = "dd",
            Timings = [new StageTiming(Stage.Mask, 3)],
            Artifacts = [.. Kept.Artifacts.Select(a => a with { Device = "cuda" })],
        };
        Assert.Equal(Manifest.SampleLine(Kept), Manifest.SampleLine(troubled));
    }

    [Fact]
    public void A_quarantined_sample_has_no_artifacts_and_an_unfinished_one_has_no_line()
    {
        var line = Encoding.UTF8.GetString(Manifest.SampleLine(Kept with { State = SampleState.Quarantined }));
        Assert.Equal("""{"round":1,"index":2,"stage":"quarantined","class":"tvmonitor","prompt":"a tv monitor"}""" + "\n", line);
        Assert.Throws<InvalidOperationException>(() => Manifest.SampleLine(Kept with { State = SampleState.Scored }));
    }

    [Fact]
    public void The_run_line_has_these_bytes()
    {
        var spec = Specs.Small with
        {
            Rounds = 3,
            KeepRatio = 0.1 + 0.2,
            Mask = new MaskSpec { AffinityHash = "af" },
            Execution = new ExecutionSpec { TrainingThreads = 4 },
        };

        Assert.Equal(
            """{"manifest":"freemask/1","seed":7,"classes":["cat","aeroplane","tvmonitor"],"rounds":2"""
                + ""","samplesPerRound":30,"keepRatio":0.7,"trainingThreads":2}"""
                + "\n",
            Encoding.UTF8.GetString(Manifest.RunLine(Specs.Small, null))
        );
        Assert.Equal(
            """{"manifest":"freemask/1","seed":7,"classes":["cat","aeroplane","tvmonitor"],"rounds":3"""
                + ""","samplesPerRound":30,"keepRatio":0.30000000000000004,"affinity":"af","trainingThreads":4"""
                + ""","bundle":"ab","arithmetic":"x64 v512","device":"cpu"}"""
                + "\n",
            Encoding.UTF8.GetString(Manifest.RunLine(spec, new RunEnvironment("x64 v512", "cpu", "ab")))
        );
    }

    [Fact]
    public void The_run_line_leaves_out_what_does_not_change_the_data_set()
    {
        var renamed = Specs.Small with { Name = "x", Model = "/somewhere", Execution = new ExecutionSpec { ShardSize = 3 } };
        Assert.Equal(Manifest.RunLine(Specs.Small, null), Manifest.RunLine(renamed, null));
        Assert.NotEqual(Manifest.RunLine(Specs.Small, null), Manifest.RunLine(Specs.Small with { Seed = 1 }, null));
    }

    [Fact]
    public void The_run_line_states_bundle_and_arithmetic()
    {
        var environment = new RunEnvironment("x64 v512", "cpu", "ab");
        byte[] Line(RunEnvironment e, int threads = 2) =>
            Manifest.RunLine(Specs.Small with { Execution = new ExecutionSpec { TrainingThreads = threads } }, e);
        Assert.Contains(
            "\"trainingThreads\":2,\"bundle\":\"ab\",\"arithmetic\":\"x64 v512\",\"device\":\"cpu\"",
            Encoding.UTF8.GetString(Line(environment)),
            StringComparison.Ordinal
        );
        Assert.NotEqual(Line(environment), Line(environment with { Bundle = "cd" }));
        Assert.NotEqual(Line(environment), Line(environment with { Arithmetic = "x64 v256" }));
        Assert.NotEqual(Line(environment), Line(environment with { DeviceKind = "cuda" }));
        Assert.NotEqual(Line(environment), Line(environment, threads: 4));
    }

    [Fact]
    public void The_run_line_names_the_harmonizer_by_its_hash_where_there_is_one()
    {
        byte[] Line(HarmonizationSpec harmonization) => Manifest.RunLine(Specs.Small with { Harmonization = harmonization }, null);
        var named = Line(new HarmonizationSpec { ModelFolder = "/a", ModelHash = "c0" });
        Assert.Equal(named, Line(new HarmonizationSpec { Model = "/b", ModelFolder = "/b", ModelHash = "c0" }));
        Assert.Contains("\"harmonizer\":\"c0\"", Encoding.UTF8.GetString(named), StringComparison.Ordinal);
        Assert.Equal(Manifest.RunLine(Specs.Small, null), Line(new HarmonizationSpec { Model = "rule" }));
    }

    [Fact]
    public void The_run_line_names_the_placement_model_by_its_hash_where_there_is_one()
    {
        byte[] Line(CompositionSpec composition) => Manifest.RunLine(Specs.Small with { Composition = composition }, null);
        var named = Line(new CompositionSpec { PlacementFolder = "/a", PlacementHash = "e0" });
        Assert.Equal(named, Line(new CompositionSpec { Placement = "/b", PlacementFolder = "/b", PlacementHash = "e0" }));
        Assert.Contains("\"placement\":\"e0\"", Encoding.UTF8.GetString(named), StringComparison.Ordinal);
        Assert.Equal(Manifest.RunLine(Specs.Small, null), Line(new CompositionSpec()));
    }

    [Fact]
    public void The_run_line_names_the_affinity_model_by_its_hash_and_not_by_its_place()
    {
        byte[] Line(string folder, string hash) =>
            Manifest.RunLine(
                Specs.Small with
                {
                    Mask = new MaskSpec { Affinity = folder, AffinityHash = hash },
                },
                null
            );
        Assert.Equal(Line("/here", "ab"), Line("/there", "ab"));
        Assert.NotEqual(Line("/here", "ab"), Line("/here", "cd"));
        Assert.NotEqual(Line("/here", "ab"), Manifest.RunLine(Specs.Small, null));
    }
}
