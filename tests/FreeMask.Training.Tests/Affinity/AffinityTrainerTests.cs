using FreeMask.Diffusion.Attention;
using FreeMask.Imaging;
using FreeMask.Randomness;
using FreeMask.Training.Affinity;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Masking;
using Xunit;

namespace FreeMask.Training.Tests.Affinity;

public sealed class AffinityTrainerTests
{
    private const int Side = 64, Cells = 8;

    private static readonly AffinityTrainingRequest Request = new()
    {
        Config = new AffinityConfig { Side = 32, Run = "discs" },
        Steps = 40,
        BatchSize = 2,
        Widths = [8, 8, 8],
    };

    [Fact]
    public void Maps_refined_by_a_head_that_saw_no_true_mask_are_better_than_the_coarse_ones()
    {
        using var folder = new Folder();
        var examples = Enumerable.Range(0, 12).Select(i => Example(Request, i)).ToList();
        var lines = new List<string>();
        var config = AffinityTrainer.Train(Request, examples, folder.Path, lines.Add, TestContext.Current.CancellationToken);
        Assert.Equal(("discs", 12, 40), (config.Run, config.Samples, config.TrainingSteps));
        Assert.Single(lines);

        var refiner = new AffinityRefiner(AffinityModel.Load(folder.Path));
        var (coarse, refined) = (0.0, 0.0);
        for (var i = 100; i < 110; i++)
        {
            var disc = Disc.Make(i);
            coarse += disc.Iou(disc.Coarse) / 10;
            refined += disc.Iou(refiner.Refine(disc.Image, disc.Coarse, disc.Self, "cat")) / 10;
        }

        Assert.True(refined > coarse + 0.03, $"{coarse:0.000} before, {refined:0.000} after");
    }

    [Fact]
    public void Each_class_can_have_a_head_and_the_same_request_gives_the_same_weights()
    {
        var request = Request with { PerClass = true, Steps = 2 };
        var examples = Enumerable.Range(0, 4).Select(i => Example(request, i)).ToList();
        using Folder first = new(), second = new();
        var config = AffinityTrainer.Train(request, examples, first.Path, _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(["cat", "dog"], config.Classes);
        Assert.Equal(
            config.Sha256,
            AffinityTrainer.Train(request, examples, second.Path, _ => { }, TestContext.Current.CancellationToken).Sha256
        );
    }

    [Fact]
    public void What_cannot_be_learned_from_is_said()
    {
        using var folder = new Folder();
        Assert.Contains("nothing to learn", Refused([]), StringComparison.Ordinal);
        var example = Example(Request, 0);
        var other = example with
        {
            Id = "small",
            Levels = [.. example.Levels.Select(l => new FeatureMap(l.Channels, 2, 2, new float[4 * l.Channels]))],
        };
        Assert.Contains("'small'", Refused([example, other]), StringComparison.Ordinal);
        var disc = Disc.Make(0);
        Assert.Null(AffinityExample.From(Request, "flat", "cat", disc.Image, new FloatMap(4, 4), disc.Self));

        string Refused(IReadOnlyList<AffinityExample> examples) =>
            Assert.Throws<FreeMaskException>(() => AffinityTrainer.Train(Request, examples, folder.Path, _ => { })).Message;
    }

    private static AffinityExample Example(AffinityTrainingRequest request, int index)
    {
        var disc = Disc.Make(index);
        return AffinityExample.From(request, $"disc {index}", index % 2 == 0 ? "cat" : "dog", disc.Image, disc.Coarse, disc.Self)!;
    }

    /// <summary>A textured disc on textured ground, and what attention would know of it: a map of 8 x 8 cells that is blurred and
    /// off.</summary>
    private sealed record Disc(RgbImage Image, FloatMap Coarse, SelfAttentionGrid Self, bool[] Truth)
    {
        internal static Disc Make(int index)
        {
            var random = new CounterRandom(5, index, 0, "disc");
            var (x0, y0, radius) = (random.NextDouble(24, 40), random.NextDouble(24, 40), random.NextDouble(11, 17));
            var image = new RgbImage(Side, Side);
            var (truth, soft) = (new bool[Side * Side], new FloatMap(Side, Side));
            for (var i = 0; i < truth.Length; i++)
            {
                var (x, y) = (i % Side, i / Side);
                truth[i] = Math.Pow(x - x0, 2) + Math.Pow(y - y0, 2) < radius * radius;
                soft.Values[i] = truth[i] ? 1 : 0.1f * random.NextSingle();
                var pixel = image[x, y];
                int[] color = truth[i] ? [190, 80, 60] : [80, 140, 80];
                for (var c = 0; c < 3; c++) pixel[c] = (byte)(color[c] + random.NextInt(40));
            }

            return new Disc(image, Resampling.Resize(soft, Cells, Cells, ResamplingFilter.Area), Attention(truth), truth);
        }

        internal double Iou(FloatMap map)
        {
            var labels = MaskStage
                .Run(
                    Image,
                    map,
                    8,
                    new MaskOptions
                    {
                        Refinement = MaskRefinementMethod.None,
                        ColorWeight = 0,
                        IgnoreBandRadius = 0,
                    }
                )
                .Labels.Labels;
            double both = 0, either = 0;
            for (var i = 0; i < labels.Length; i++)
            {
                if (labels[i] == 8 && Truth[i]) both++;
                if (labels[i] == 8 || Truth[i]) either++;
            }

            return both / either;
        }

        // Cells attend to cells of their own kind four times as much.
        private static SelfAttentionGrid Attention(bool[] truth)
        {
            const int Block = Side / Cells;
            bool Inside(int cell) => truth[(((cell / Cells * Block) + (Block / 2)) * Side) + (cell % Cells * Block) + (Block / 2)];
            var values = new float[Cells * Cells * Cells * Cells];
            for (var i = 0; i < Cells * Cells; i++)
            {
                var row = values.AsSpan(i * Cells * Cells, Cells * Cells);
                var sum = 0f;
                for (var j = 0; j < row.Length; j++) sum += row[j] = Inside(i) == Inside(j) ? 4 : 1;
                foreach (ref var weight in row) weight /= sum;
            }

            return new SelfAttentionGrid(Cells, Cells, values);
        }
    }

    private sealed class Folder : IDisposable
    {
        internal string Path { get; } = Directory.CreateTempSubdirectory("freemask-affinity").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
