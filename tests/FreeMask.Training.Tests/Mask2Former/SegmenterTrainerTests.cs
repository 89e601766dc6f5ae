using FreeMask.Imaging;
using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Tests.Torch;
using FreeMask.Training.Torch;
using FreeMask.Vision.Segmentation;
using Xunit;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class SegmenterTrainerTests
{
    private static readonly SegmenterTrainingRequest Request = new()
    {
        Labels = Shapes.Labels,
        Seed = 5,
        Steps = 6,
        Config = Shapes.Tiny,
        BatchSize = 4,
        Size = 64,
        CheckpointEvery = 2,
        Threads = 1,
    };

    [Fact]
    public void Gradients_of_several_batches_make_one_step_interrupted_or_not()
    {
        var request = Request with { Accumulation = 2, BatchSize = 2, Steps = 4 };
        var samples = Shapes.Make(7, 64, seed: 1);
        var counted = new CountedSamples(samples);
        var straight = SegmenterTrainer.Train(request, counted, null);

        Assert.Equal(4 * 2 * 2, counted.Loads);
        Assert.False(straight.Weights.AsSpan().SequenceEqual(Train(request with { Accumulation = 1 }, samples).Weights));
        var store = new MemoryCheckpoints();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => SegmenterTrainer.Train(
            request, samples, store, ProgressCallback.StopAfter(3, stop), stop.Token));
        Assert.True(straight.Weights.AsSpan().SequenceEqual(Train(request, samples, store).Weights));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Splicing_puts_images_together_from_several(bool splicing)
    {
        // Each image has one label alone.
        List<LabeledImage> samples =
        [
            .. Enumerable.Range(0, 3).Select(i =>
            {
                var labels = new LabelMap(64, 64);
                labels.Labels.AsSpan().Fill((byte)i);
                return new LabeledImage($"{i}", new RgbImage(64, 64), labels);
            }),
        ];
        var request = Request with { Augmentation = splicing ? SegmenterAugmentation.Splicing : SegmenterAugmentation.Small };
        var mixed = new SegmenterBatch(request, new InMemorySamples(samples))
            .Make(0)
            .Labels.Concat(new SegmenterBatch(request, new InMemorySamples(samples)).Make(1).Labels)
            .Count(map => map.Labels.Where(label => label != LabelMap.Ignore).Distinct().Count() > 1);

        Assert.InRange(mixed, splicing ? 1 : 0, splicing ? 7 : 0);
    }

    private sealed class CountedSamples(IReadOnlyList<LabeledImage> samples) : ISegmentationSamples
    {
        internal int Loads { get; private set; }

        public int Count => samples.Count;

        public string IdOf(int index) => samples[index].Id;

        public LabeledImage Load(int index)
        {
            Loads++;
            return samples[index];
        }
    }

    /// <summary>The small recipe, and Mask2Former's own on a Swin that loses branches at random.</summary>
    public static TheoryData<bool> Recipes => [false, true];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void The_same_request_gives_the_same_weights_interrupted_or_not(bool reference)
    {
        var request = reference
            ? SegmenterTrainingRequest.Reference(Shapes.Labels, seed: 5, steps: 6) with
            {
                Config = Shapes.TinySwin,
                BatchSize = 2,
                Size = 64,
                CheckpointEvery = 2,
                Threads = 1,
            }
            : Request;
        var samples = Shapes.Make(7, 64, seed: 1);
        var straight = Train(request, samples);
        var again = Train(request, samples);
        Assert.True(straight.Weights.AsSpan().SequenceEqual(again.Weights));

        var store = new MemoryCheckpoints();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => SegmenterTrainer.Train(
            request, samples, store, ProgressCallback.StopAfter(3, stop), stop.Token));
        Assert.Equal(3, store.Step);
        var steps = new List<int>();
        var resumed = Train(request, samples, store, p => steps.Add(p.Step));
        Assert.Equal([4, 5, 6], steps);
        Assert.True(straight.Weights.AsSpan().SequenceEqual(resumed.Weights));
        Assert.True(straight.Onnx.AsSpan().SequenceEqual(resumed.Onnx));

        var other = Assert.Throws<FreeMaskException>(() => Train(request with { Seed = 6 }, samples, store));
        Assert.Contains("other settings", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_learns_shapes_and_the_exported_model_sees_them()
    {
        var request = Request with { Steps = 90, BatchSize = 8, LearningRate = 3e-3, BackboneRateFactor = 1 };
        var losses = new List<double>();
        var result = Train(request, Shapes.Make(48, 64, seed: 2), progress: p => losses.Add(p.Loss));
        Assert.True(losses.TakeLast(10).Average() < 0.6 * losses.Take(5).Average(), $"{losses[0]} -> {losses[^1]}");

        using var segmenter = new OnnxSegmenter(result.Onnx, SegmenterCard.Parse(result.Card, "card"), threads: 1);
        var (right, known) = (0, 0);
        foreach (var sample in Shapes.Make(8, 64, seed: 3))
        {
            var labels = segmenter.Segment(sample.Image).Labels.Labels;
            for (var i = 0; i < labels.Length; i++)
            {
                if (sample.Labels.Labels[i] is LabelMap.Ignore or LabelMap.Background) continue;
                known++;
                if (labels[i] == sample.Labels.Labels[i]) right++;
            }
        }

        Assert.True(right > 0.5 * known, $"{right} of {known} object pixels are right");

        // The queries of the same image, put together, are the semantic map.
        var picture = Shapes.Make(1, 64, seed: 3)[0].Image;
        var scores = QueryPostprocessing.Direct(segmenter.Query(picture), (64, 64), (64, 64), (64, 64));
        Assert.Equal(segmenter.Segment(picture).Labels.Labels, QueryPostprocessing.Decide(scores).Labels);
    }

    [Fact]
    public void It_starts_from_a_backbone_or_a_segmenter()
    {
        var folder = Directory.CreateTempSubdirectory("freemask-start").FullName;
        var backbone = Path.Combine(folder, "backbone");
        new ResNetClassifier((ResNetConfig)Shapes.Tiny.Backbone, ["a", "b"], seed: 9).Save(backbone);
        var samples = Shapes.Make(4, 64, seed: 1);
        const string Stem = "embedder.embedder.convolution.weight";
        var frozen = Request with { InitialFolder = backbone, LearningRate = 0, Steps = 1 };
        var first = Train(frozen, samples);
        Assert.True(SafetensorsFile.Load(Path.Combine(backbone, "model.safetensors"))["resnet." + Stem].Bytes.Span
            .SequenceEqual(SafetensorsFile.Parse(first.Weights, "")["model.pixel_level_module.encoder." + Stem].Bytes.Span));

        var segmenter = Path.Combine(folder, "segmenter");
        first.Save(segmenter);
        var second = Train(
            frozen with
            {
                InitialFolder = segmenter,
                Labels = [.. Shapes.Labels, "other"],
                Config = null,
                Seed = 77,
            },
            samples
        );
        const string Query = "model.transformer_module.queries_features.weight";
        Assert.True(
            SafetensorsFile
                .Parse(first.Weights, "")[Query]
                .Bytes.Span.SequenceEqual(SafetensorsFile.Parse(second.Weights, "")[Query].Bytes.Span)
        );
        Assert.Equal(5, SafetensorsFile.Parse(second.Weights, "")["class_predictor.bias"].Count);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Final_weights_may_be_averaged_with_those_of_the_start()
    {
        var folder = Directory.CreateTempSubdirectory("freemask-start").FullName;
        var samples = Shapes.Make(7, 64, seed: 1);
        var start = Train(Request, samples);
        start.Save(folder);
        var request = Request with { InitialFolder = folder, Config = null, Seed = 6 };
        var plain = Train(request, samples);
        var averaged = request with { StartShare = 0.25 };
        var result = Train(averaged, samples);

        var (first, last) = (SafetensorsFile.Parse(start.Weights, ""), SafetensorsFile.Parse(plain.Weights, ""));
        foreach (var tensor in SafetensorsFile.Parse(result.Weights, "").Tensors.Where(tensor => tensor.DataType == "F32"))
        {
            var expected = first[tensor.Name].ToSingles().Zip(last[tensor.Name].ToSingles(), (a, b) => (0.25f * a) + (0.75f * b));
            Assert.Equal(expected, tensor.ToSingles(), (a, b) => Math.Abs(a - b) <= 1e-6 * Math.Max(1, Math.Abs(a)));
        }

        Assert.False(result.Onnx.AsSpan().SequenceEqual(plain.Onnx));
        var store = new MemoryCheckpoints();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => SegmenterTrainer.Train(
            averaged, samples, store, ProgressCallback.StopAfter(3, stop), stop.Token));
        Assert.True(result.Weights.AsSpan().SequenceEqual(Train(averaged, samples, store).Weights));

        string[] others = [.. Shapes.Labels, "other"];
        foreach (var (wrong, reason) in new[]
        {
            (averaged with { Labels = others }, "of other classes"),
            (averaged with { InitialFolder = null, Config = Shapes.Tiny }, "there is none"),
            (averaged with { StartShare = 1 }, "must be in [0, 1)"),
        })
            Assert.Contains(reason, Assert.Throws<FreeMaskException>(() => Train(wrong, samples)).Message, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void It_starts_from_a_Swin_classifier_whose_head_and_last_norm_stay_behind()
    {
        var folder = Directory.CreateTempSubdirectory("freemask-start").FullName;
        var shape = (SwinConfig)Shapes.TinySwin.Backbone;
        using (var classifier = new SwinBackbone(shape))
        {
            classifier.Initialize(seed: 9);
            File.WriteAllText(Path.Combine(folder, "config.json"), shape.ToJson().ToJsonString());
            new SafetensorsFile([
                .. ModuleState.Export(classifier, "swin.").Where(t => !t.Name.Contains("hidden_states_norms", StringComparison.Ordinal)),
                NamedTensor.FromSingles("swin.layernorm.weight", [1], [1f]),
                NamedTensor.FromSingles("classifier.weight", [1], [1f]),
            ]).Save(Path.Combine(folder, "model.safetensors"));
        }

        var request = Request with { Config = Shapes.TinySwin, InitialFolder = folder, LearningRate = 0, Steps = 1 };
        var result = Train(request, Shapes.Make(4, 64, seed: 1));
        const string Table = "encoder.layers.2.blocks.0.attention.self.query.weight";
        Assert.True(SafetensorsFile.Load(Path.Combine(folder, "model.safetensors"))["swin." + Table].Bytes.Span
            .SequenceEqual(SafetensorsFile.Parse(result.Weights, "")["model.pixel_level_module.encoder." + Table].Bytes.Span));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void The_rate_falls_with_its_power()
    {
        var rates = new List<double>();
        Train(
            Request with
            {
                Steps = 4,
                RatePower = 0.9,
                LearningRate = 1e-4,
            },
            Shapes.Make(4, 64, seed: 1),
            progress: p => rates.Add(p.LearningRate)
        );
        Assert.Equal(
            [1, Math.Pow(0.75, 0.9), Math.Pow(0.5, 0.9), Math.Pow(0.25, 0.9)],
            rates.Select(rate => rate / 1e-4),
            (a, b) => Math.Abs(a - b) < 1e-12
        );
    }

    [Fact]
    public void A_model_whose_checkpoints_find_no_room_is_refused_before_the_training()
    {
        var fault = Assert.Throws<FreeMaskException>(() =>
            Train(Request, Shapes.Make(2, 64, seed: 1), new MemoryCheckpoints { Capacity = 17_000_000 })
        );
        Assert.Contains("this training takes at most 0 million", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_beyond_the_classes_are_refused()
    {
        var samples = Shapes.Make(2, 64, seed: 1);
        samples[1].Labels[3, 3] = 9;
        var fault = Assert.Throws<FreeMaskException>(() => Train(Request, samples));
        Assert.Contains("shape1", fault.Message, StringComparison.Ordinal);
    }

    private static SegmenterTrainingResult Train(
        SegmenterTrainingRequest request,
        LabeledImage[] samples,
        MemoryCheckpoints? store = null,
        Action<TrainingProgress>? progress = null
    ) =>
        SegmenterTrainer.Train(
            request, samples, store, new ProgressCallback(progress ?? (_ => { })), TestContext.Current.CancellationToken);
}
