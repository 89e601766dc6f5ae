using FreeMask.GrainInterfaces;
using FreeMask.Grains.RunSpecs;
using FreeMask.Grains.Tests.Domain;
using Xunit;

namespace FreeMask.Grains.Tests.RunSpecs;

/// <summary>Which runs are refused for a store that limits its records; AzureGrainStorageTests measure the records.</summary>
public sealed class RecordSizeTests
{
    private const int Limit = 960 * 1024,
        SpecBytes = 7000;

    [Fact]
    public void A_usual_run_and_a_large_one_fit()
    {
        Assert.Null(Check(20, 2, 40, 1000));
        Assert.Null(Check(250, 100, 1000, 1000));
        Assert.Null(Check(20, 10, 1_000_000, 1000));
    }

    [Theory]
    [InlineData(20, 10, 1_000_000, 10)]
    [InlineData(20, 1, 10_000_000, 1000)]
    [InlineData(250, 50, 100_000, 1)]
    public void Shards_that_are_too_many_are_refused_with_a_size_that_is_accepted(int labels, int rounds, int samples, int shardSize)
    {
        var problem = Check(labels, rounds, samples, shardSize);
        Assert.NotNull(problem);
        Assert.Equal("execution.shardSize", problem.Path);
        Assert.Contains("960 kB", problem.Message, StringComparison.Ordinal);
        var least = int.Parse(problem.Message.Split("Use at least ")[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Null(Check(labels, rounds, samples, least));
        Assert.NotNull(Check(labels, rounds, samples, least - 1));
    }

    [Theory]
    [InlineData(250, 1000, 1000, "rounds")]
    [InlineData(20, 200, 10_000_000, "samplesPerRound")]
    public void What_no_size_of_shards_makes_possible_is_refused_at_its_own_key(int labels, int rounds, int samples, string path)
    {
        var problem = Check(labels, rounds, samples, 1000);
        Assert.Equal(path, problem?.Path);
        Assert.Contains("AzureBlobStorage", problem?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_too_many_images_is_refused()
    {
        var spec = Spec(20, 1, 100_000, 1000);
        spec = spec with
        {
            Source = new SourceSpec
            {
                Kind = "folder",
                Path = "/data",
                Images = [.. Enumerable.Repeat("2007_000027", 100_000)],
            },
        };
        Assert.Equal("source.path", RecordSize.Check(spec, 1_500_000, Limit)?.Path);
    }

    private static SpecProblem? Check(int labels, int rounds, int samples, int shardSize) =>
        RecordSize.Check(Spec(labels, rounds, samples, shardSize), SpecBytes, Limit);

    private static RunSpec Spec(int labels, int rounds, int samples, int shardSize) =>
        Specs.Small with
        {
            Classes = [.. Enumerable.Range(0, labels).Select(i => $"label {i}")],
            Rounds = rounds,
            SamplesPerRound = samples,
            Execution = new ExecutionSpec { ShardSize = shardSize },
        };
}
