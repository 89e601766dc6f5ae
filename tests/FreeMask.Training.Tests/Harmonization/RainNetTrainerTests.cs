using FreeMask.Files;
using FreeMask.Training.Harmonization;
using FreeMask.Training.Tests.Torch;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Harmonization;
using Xunit;

namespace FreeMask.Training.Tests.Harmonization;

public sealed class RainNetTrainerTests : IDisposable
{
    private static readonly RainNetTrainingRequest Request = new()
    {
        Steps = 4,
        BatchSize = 2,
        Width = 2,
        Levels = 5,
        CheckpointEvery = 1,
        HeldOut = 0.3,
        ValidationPairs = 10,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-rainnet-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_interrupted_training_ends_with_the_same_model_which_loads_as_a_public_one()
    {
        ObjectScenes.Write(_folder);
        var whole = Train(Request, "whole", null);
        Assert.Equal(RainNetForm.Word, whole.Form);
        Assert.Null(whole.Caution);
        var store = new MemoryCheckpoints();
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            RainNetTrainer.Train(Request, Sets(), Out("parts"), store, ProgressCallback.StopAfter(2, stop), stop.Token)
        );
        Assert.False(File.Exists(Path.Combine(Out("parts"), ModelFileNames.Onnx)));
        Assert.Equal(whole.Sha256, Train(Request, "parts", store).Sha256);

        var other = Assert.Throws<FreeMaskException>(() => Train(Request with { Width = 3 }, "other", store));
        Assert.Contains("other settings", other.Message, StringComparison.Ordinal);

        // Without its configuration the model is what a public export is.
        using var trained = HarmonizerModel.Load(Out("parts"));
        File.Delete(Path.Combine(Out("parts"), ModelFileNames.Config));
        using var export = HarmonizerModel.Load(Out("parts"));
        Assert.Equal(["rainnet", "rainnet"], [trained.Form, export.Form]);
        var scene = ObjectImages.Open(_folder).Load(0);
        HarmonizerTask[] tasks = [new(scene.Image, scene.Objects[0], null)];
        var image = trained.Harmonize(tasks)[0].Image;
        Assert.Equal(image.Pixels, export.Harmonize(tasks)[0].Image.Pixels);
        Assert.NotEqual(scene.Image.Pixels, image.Pixels);
    }

    [Fact]
    public void Checkpoints_of_the_other_form_are_refused_by_name()
    {
        ObjectScenes.Write(_folder);
        var (pixels, statistics) = (new MemoryCheckpoints(), new MemoryCheckpoints());
        var other = new HarmonizerTrainingRequest { Steps = 2, BatchSize = 2, CheckpointEvery = 1, HeldOut = 0.3, ValidationPairs = 10 };
        Train(Request, "pixels", pixels);
        HarmonizerTrainer.Train(other, Sets(), Out("statistics"), statistics, null, TestContext.Current.CancellationToken);
        var error = Assert.Throws<FreeMaskException>(() => Train(Request, "a", statistics));
        Assert.Contains("is of the form 'statistics', not 'rainnet'", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<FreeMaskException>(() =>
            HarmonizerTrainer.Train(other, Sets(), Out("b"), pixels, null, TestContext.Current.CancellationToken)
        );
        Assert.Contains("is of the form 'rainnet', not 'statistics'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_error_of_the_object_falls()
    {
        ObjectScenes.Write(_folder);
        var losses = new List<double>();
        var progress = new ProgressCallback(step => losses.Add(step.Loss));
        var request = Request with { Steps = 60, BatchSize = 8, Width = 8, LearningRate = 3e-3 };
        var (_, measure) = RainNetTrainer.Train(request, Sets(), Out("fit"), null, progress, TestContext.Current.CancellationToken);
        Assert.InRange(losses.TakeLast(10).Average(), 0, 0.6 * losses.Take(5).Average());
        Assert.Equal(10, measure.Pairs);
        Assert.Equal(measure.Ungated, measure.Gated);
    }

    private HarmonizerConfig Train(RainNetTrainingRequest request, string name, MemoryCheckpoints? store) =>
        RainNetTrainer.Train(request, Sets(), Out(name), store, null, TestContext.Current.CancellationToken).Config;

    private ObjectImages[] Sets() => [ObjectImages.Open(_folder)];

    private string Out(string name) => Path.Combine(_folder, "out", name);
}
