using FreeMask.Files;
using FreeMask.Onnx;
using FreeMask.Randomness;
using FreeMask.Tensors;
using FreeMask.Training.Harmonization;
using FreeMask.Training.Tests.Torch;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;
using TorchSharp;
using Xunit;

namespace FreeMask.Training.Tests.Harmonization;

public sealed class HarmonizerTrainerTests : IDisposable
{
    private static readonly HarmonizerTrainingRequest Request = new()
    {
        Steps = 4,
        BatchSize = 4,
        CheckpointEvery = 1,
        HeldOut = 0.3,
        ValidationPairs = 40,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-harmonizer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_exported_graph_computes_what_the_network_does_alone_or_in_a_batch()
    {
        using var network = new HarmonizerNetwork(seed: 3);
        var random = new CounterRandom(1, "planes");
        var planes = FloatTensor.Zeros(5, HarmonizerFeatures.Planes, HarmonizerFeatures.Side, HarmonizerFeatures.Side);
        const int Cells = HarmonizerFeatures.Side * HarmonizerFeatures.Side;
        for (var i = 0; i < planes.Values.Length; i++)
            planes.Values[i] = i / Cells % HarmonizerFeatures.Planes == 3 ? random.NextInt(2) : (float)random.NextGaussian();
        File.WriteAllBytes(Path.Combine(_folder, ModelFileNames.Onnx), network.ToOnnx());
        using var session = OnnxSession.Load(Path.Combine(_folder, ModelFileNames.Onnx));
        float[] Run(FloatTensor input) =>
            session.Run(new Dictionary<string, FloatTensor> { [StatisticsForm.Input] = input }, StatisticsForm.Output)[0].Values;

        using var scope = torch.NewDisposeScope();
        using var frozen = torch.no_grad();
        var expected = network.forward(torch.tensor(planes.Values, [.. planes.Shape])).contiguous().data<float>().ToArray();
        var together = Run(planes);
        Assert.All(expected.Zip(together), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        for (var i = 0; i < 5; i++)
        {
            var alone = new FloatTensor(planes.Row(i).ToArray(), [1, .. planes.Shape.Skip(1)]);
            Assert.Equal(Run(alone), together[(i * StatisticsForm.Numbers)..((i + 1) * StatisticsForm.Numbers)]);
        }
    }

    [Fact]
    public void Pairs_follow_from_seed_and_number_and_the_stated_change_restores_the_object()
    {
        WriteImages();
        var samples = new HarmonizerSamples(HarmonizerSample.Views);
        var images = ObjectImages.Open(_folder);
        for (var i = 0; i < images.Count; i++) samples.Add(images.Load(i));
        Assert.Equal(images.Count, samples.Count);
        HarmonizerSample Draw(long number) => HarmonizerSample.Of(samples.Draw(1, number, "a"));
        Assert.Equal(Draw(5).Planes, Draw(5).Planes);
        Assert.NotEqual(Draw(5).Planes, Draw(6).Planes);
        var changes = Enumerable.Range(0, 60).Select(n => Draw(n).Change).ToList();
        Assert.Contains(changes, change => change.Take(3).All(c => c == 0));
        Assert.Contains(changes, change => Math.Abs(change[0]) > 0.8);
        Assert.All(changes, change => Assert.All(change, value => Assert.InRange(value, -20, 20)));
    }

    [Fact]
    public void An_interrupted_training_ends_with_the_same_model()
    {
        WriteImages();
        var sets = new[] { ObjectImages.Open(_folder) };
        string Out(string name) => Path.Combine(_folder, "out", name);
        var whole = HarmonizerTrainer.Train(Request, sets, Out("whole"), null, null, TestContext.Current.CancellationToken).Config;

        var store = new MemoryCheckpoints();
        using var stop = new CancellationTokenSource();
        var progress = ProgressCallback.StopAfter(2, stop);
        Assert.Throws<OperationCanceledException>(() => HarmonizerTrainer.Train(Request, sets, Out("parts"), store, progress, stop.Token));
        Assert.False(File.Exists(Path.Combine(Out("parts"), ModelFileNames.Onnx)));
        var (parts, measure) = HarmonizerTrainer.Train(
            Request,
            sets,
            Out("parts"),
            store,
            null,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(whole.Sha256, parts.Sha256);
        Assert.Equal(whole.Caution, parts.Caution);
        Assert.True(measure.Worse <= Request.MostWorse || parts.Caution >= 4);
        using var model = HarmonizerModel.Load(Out("parts"));
        Assert.Equal(whole.Sha256, model.Hash);

        var other = Assert.Throws<FreeMaskException>(() =>
            HarmonizerTrainer.Train(Request with { Seed = 9 }, sets, Out("other"), store, null, TestContext.Current.CancellationToken)
        );
        Assert.Contains("other settings", other.Message, StringComparison.Ordinal);
    }

    /// <summary>The fingerprint of checkpoints is made of this text: with another one, trainings that were stopped could not go
    /// on.</summary>
    [Fact]
    public void The_text_of_a_request_stays_what_it_was() => Assert.Equal(
        "HarmonizerTrainingRequest { Seed = 1, Steps = 4, BatchSize = 4, LearningRate = 0.001, WeightDecay = 0.02, CheckpointEvery = 1, "
            + "HeldOut = 0.3, ValidationPairs = 40, MostWorse = 0.01 }",
        Request.ToString()
    );

    [Fact]
    public void Images_without_objects_of_a_fit_size_are_said()
    {
        WriteImages(objectSide: 3);
        var error = Assert.Throws<FreeMaskException>(() =>
            HarmonizerTrainer.Train(
                Request,
                [ObjectImages.Open(_folder)],
                Path.Combine(_folder, "out"),
                null,
                null,
                TestContext.Current.CancellationToken
            )
        );
        Assert.Contains("too few objects", error.Message, StringComparison.Ordinal);
    }

    private void WriteImages(int objectSide = 20) => ObjectScenes.Write(_folder, objectSide);
}
