using System.Globalization;
using System.Text.RegularExpressions;
using FreeMask.Diffusion.Attention;
using FreeMask.Imaging;
using FreeMask.Tensors;
using FreeMask.Vision.Affinity;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

/// <summary>Every quantity of the affinity fixture that needs no gradient, on every grid that it has.</summary>
public sealed partial class AffinityGoldenTests
{
    private const double Tolerance = 1e-5, LongWalkTolerance = 1e-4;
    private const int LongWalk = 256;

    [Fact]
    public void Class_maps_are_the_means_of_their_blocks()
    {
        foreach (var grid in AffinityFixture.All)
            if (grid.TryGet("cam_full") is { } full)
                for (var c = 0; c < full.Shape[0]; c++)
                    Golden.Near(
                        Golden.Map(grid["cam"], c).Values,
                        Resampling.Resize(Golden.Map(full, c), grid.Width, grid.Height, ResamplingFilter.Area).Values,
                        1e-6
                    );
    }

    [Fact]
    public void Embeddings_equal_the_reference()
    {
        foreach (var grid in AffinityFixture.All)
            Golden.Near(grid["embedding"].ToSingles(), grid.Head.Embed(grid.Features).Values, Tolerance);
    }

    [Fact]
    public void Pairs_come_in_the_stated_order()
    {
        foreach (var grid in AffinityFixture.All)
        {
            var counts = grid.Results.GetProperty("pairs");
            foreach (var (name, sources) in new[] { ("train", PairSources.Inner), ("psa", PairSources.Inner), ("full", PairSources.All) })
            {
                var pairs = grid.Pairs(sources);
                Assert.Equal(counts.GetProperty(name).GetInt32(), pairs.Count);
                if (grid.TryGet(name + ".first") is { } first)
                    Assert.Equal(first.ToInt64s(), Array.ConvertAll(pairs.First(), i => (long)i));
                if (grid.TryGet(name + ".second") is { } second)
                    Assert.Equal(second.ToInt64s(), Array.ConvertAll(pairs.Second(), i => (long)i));
            }
        }
    }

    [Fact]
    public void Affinities_equal_the_reference()
    {
        foreach (var grid in AffinityFixture.All)
        {
            var embedding = AffinityFixture.Map(grid["embedding"]);
            if (grid.TryGet("train.affinity") is { } train)
                Golden.Near(train.ToSingles(), grid.Pairs(PairSources.Inner).Affinities(embedding), Tolerance);
            Golden.Near(grid["full.affinity"].ToSingles(), grid.Pairs(PairSources.All).Affinities(embedding), Tolerance);
        }
    }

    [Fact]
    public void Labels_and_pair_labels_equal_the_reference()
    {
        foreach (var grid in AffinityFixture.All)
        {
            var labels = ClassScores.Confident(grid.Cams, grid.Alphas[0], grid.Alphas[1]);
            Assert.Equal(grid["train.label"].Bytes.ToArray(), labels.Labels.Labels);
            Assert.Equal(grid["train.label_low_alpha"].Bytes.ToArray(), labels.Low.Labels);
            Assert.Equal(grid["train.label_high_alpha"].Bytes.ToArray(), labels.High.Labels);
            foreach (var count in grid.Results.GetProperty("label_counts").EnumerateObject())
                Assert.Equal(
                    count.Value.GetInt32(),
                    labels.Labels.Labels.Count(l => l == byte.Parse(count.Name, CultureInfo.InvariantCulture))
                );

            var pairs = grid.Pairs(PairSources.Inner).Label(labels.Labels);
            foreach (
                var (name, label) in new[] { ("bg", PairLabel.Background), ("fg", PairLabel.Foreground), ("neg", PairLabel.Different) }
            )
            {
                Assert.Equal(grid.Results.GetProperty("pairs").GetProperty(name).GetInt32(), pairs.Count(p => p == label));
                if (grid.TryGet("train." + name) is { } expected)
                    Assert.Equal(expected.Bytes.ToArray(), Array.ConvertAll(pairs, p => p == label ? (byte)1 : (byte)0));
            }
        }
    }

    [Theory]
    [InlineData("psa", nameof(PairSources.Inner))]
    [InlineData("full", nameof(PairSources.All))]
    public void Transitions_walks_and_their_labels_equal_the_reference(string name, string sources)
    {
        foreach (var grid in AffinityFixture.All)
        {
            var pairs = grid.Pairs(Enum.Parse<PairSources>(sources));
            var affinities = pairs.Affinities(grid.Head.Embed(grid.Features));
            foreach (var beta in grid.Betas)
            {
                var key = string.Create(CultureInfo.InvariantCulture, $"{name}.beta{beta}");
                var walk = new RandomWalk(pairs, affinities, beta);
                if (grid.TryGet(key + ".transition") is { } dense) Rows(dense, walk, 1);
                if (grid.TryGet(key + ".transition_rows") is { } rows) Rows(rows, walk, Math.Max(1, grid.Width * grid.Height / 6));
                FloatMap[] moved = [];
                foreach (var steps in grid.Steps)
                {
                    moved = [.. grid.Scores.Select(score => walk.Propagate(score, steps))];
                    for (var c = 0; c < moved.Length; c++)
                        Golden.Near(
                            Golden.Map(grid[$"{key}.walk{steps}"], c).Values,
                            moved[c].Values,
                            steps < LongWalk ? Tolerance : LongWalkTolerance
                        );
                    Assert.Equal(grid[$"{key}.label{steps}"].Bytes.ToArray(), ClassScores.ArgMax(moved).Labels);
                }

                if (grid.TryGet(key + ".label_full") is not { } full) continue;
                var enlarged = moved
                    .Select(m => Resampling.Resize(m, (int)full.Shape[1], (int)full.Shape[0], ResamplingFilter.Bilinear))
                    .ToArray();
                Assert.Equal(full.Bytes.ToArray(), ClassScores.ArgMax(enlarged).Labels);
            }
        }
    }

    [Fact]
    public void Powers_of_self_attention_equal_the_reference()
    {
        foreach (var grid in AffinityFixture.All)
        {
            if (grid.TryGet("attention")?.ToSingles() is not { } attention) continue;
            for (var c = 0; c < grid.Cams.Length; c++)
                for (var power = 1; power <= 4; power++)
                {
                    if (grid.TryGet($"attention_power.column.{power}") is null) continue;
                    Compare($"attention_power.column.{power}", SelfAttention.Propagate(grid.Cams[c], attention, power));

                    void Compare(string name, FloatMap result)
                    {
                        Golden.Near(Golden.Map(grid[name + ".raw"], c).Values, result.Values, Tolerance);
                        AttentionMapNormalization.MinMax(result.Values);
                        Golden.Near(Golden.Map(grid[name], c).Values, result.Values, Tolerance);
                    }
                }
        }
    }

    [Fact]
    public void No_tensor_of_the_fixture_is_left_unread()
    {
        var names = SafetensorsFile.Load(Fixtures.Path("affinity", "golden.safetensors")).Tensors.Select(t => t.Name);
        Assert.DoesNotContain(names, name => !Known().IsMatch(name));
    }

    // What the tests of this class, PamrTests and AffinityNetworkTests compare.
    [GeneratedRegex(
        @"^(pamr\.(image|mask|mask_resized|weights_every_16|result\.\d+)|\w+\.(cam|cam_full|embedding|feature\.\d"
            + @"|head\.(reduce\.\d|merge)\.weight|attention|attention_power\.(column|row)\.[1-4](\.raw)?"
            + @"|train\.(affinity|first|second|label|label_low_alpha|label_high_alpha"
            + @"|bg|fg|neg|gradient\.(merge|reduce\.\d))|full\.(affinity|first|second)"
            + @"|(psa|full)\.beta\d+\.(transition|transition_rows|walk\d+|label\d+|label_full)))$"
    )]
    private static partial Regex Known();

    private static void Rows(NamedTensor expected, RandomWalk walk, int stride)
    {
        var (rows, cells) = ((int)expected.Shape[0], (int)expected.Shape[1]);
        var values = expected.ToSingles();
        for (var r = 0; r < rows; r++)
            Golden.Near(values.AsSpan(r * cells, cells), Array.ConvertAll(walk.Row(r * stride), v => (float)v), 1e-6);
    }
}
