using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mini;
using FreeMask.Training.Mini.Export;
using FreeMask.Training.Mini.Stages;
using FreeMask.Training.Mini.Text;
using FreeMask.Training.Torch;
using FreeMask.Vision;
using TorchSharp;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class MiniDiffusionTrainerTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("freemask-mini").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(nameof(TrainingPrecision.Single))]
    [InlineData(nameof(TrainingPrecision.BFloat16))]
    public void An_interrupted_training_ends_with_the_weights_of_an_undisturbed_one(string named)
    {
        var precision = Enum.Parse<TrainingPrecision>(named);
        MiniArt.Require();
        Train("straight", precision, stopAfter: null);
        Train("interrupted", precision, stopAfter: "autoencoder: step 2");
        Train("interrupted", precision, stopAfter: "diffusion: step 2");
        Train("interrupted", precision, stopAfter: null);
        foreach (var file in (string[])["autoencoder.safetensors", "backbone.safetensors", "latents.safetensors", "diffusion.safetensors"])
        {
            var (straight, interrupted) = (Load("straight", file), Load("interrupted", file));
            foreach (var tensor in straight.Tensors)
                Assert.True(tensor.Bytes.Span.SequenceEqual(interrupted[tensor.Name].Bytes.Span), $"{file}: {tensor.Name} differs");
        }

        Assert.True(File.Exists(Path.Combine(_root, "straight-out", "unet", "model.onnx")));
    }

    [Fact]
    public void A_work_folder_of_another_network_is_refused()
    {
        MiniArt.Require();
        Train("other", TrainingPrecision.Single, stopAfter: null);
        var error = Assert.Throws<FreeMaskException>(() => new MiniDiffusionTrainer(
            Options("other", TrainingPrecision.Single) with { AutoEncoderWidths = (8, 16, 32) }, _ => { }).Run(CancellationToken.None));
        Assert.Contains("another shape", error.Message);
    }

    [Fact]
    public void Weights_of_another_program_become_a_bundle()
    {
        var context = new StageContext(Options("import", TrainingPrecision.Single), MiniArt.Require(), _ => { });
        var weights = Path.Combine(_root, "weights");
        Directory.CreateDirectory(weights);
        using var autoEncoder = new AutoEncoderStage(context).Create();
        using var diffusion = new DiffusionStage(context, MiniVocabulary.OfCaptions()).Create();
        using var backbone = new ResNetClassifier(ResNetConfig.Mini, [.. VocClasses.Names.Skip(1)], seed: 5);
        foreach (var (module, file) in ((torch.nn.Module, string)[])
            [(autoEncoder, "autoencoder"), (diffusion, "diffusion"), (backbone, "backbone")])
            ModuleState.ToFile(module).Save(Path.Combine(weights, file + ".safetensors"));
        float[] mean = [0.1f, 0.2f, 0.3f, 0.4f], deviation = [1, 2, 3, 4];
        new SafetensorsFile(
            [NamedTensor.FromSingles("mean", [4], mean), NamedTensor.FromSingles("deviation", [4], deviation)]
        ).Save(Path.Combine(weights, "latents.safetensors"));
        MiniBundle.Write(Path.Combine(_root, "expected"), autoEncoder, mean, deviation, diffusion, MiniVocabulary.OfCaptions());

        new MiniDiffusionTrainer(context.Options, _ => { }).Import(weights);

        foreach (var part in (string[])["unet", "text_encoder", "vae_encoder", "vae_decoder"])
            Assert.Equal(
                File.ReadAllBytes(Path.Combine(_root, "expected", part, "model.onnx")),
                File.ReadAllBytes(Path.Combine(context.Options.OutputDirectory, part, "model.onnx"))
            );
        File.Delete(Path.Combine(weights, "latents.safetensors"));
        var error = Assert.Throws<FreeMaskException>(() => new MiniDiffusionTrainer(context.Options, _ => { }).Import(weights));
        Assert.Contains("latents.safetensors", error.Message);
    }

    private SafetensorsFile Load(string run, string file) => SafetensorsFile.Load(Path.Combine(_root, run, file));

    private void Train(string run, TrainingPrecision precision, string? stopAfter)
    {
        using var cancellation = new CancellationTokenSource();
        void Log(string line)
        {
            if (stopAfter is not null && line.StartsWith(stopAfter, StringComparison.Ordinal)) cancellation.Cancel();
        }

        var trainer = new MiniDiffusionTrainer(Options(run, precision), Log);
        if (stopAfter is null) trainer.Run(cancellation.Token);
        else Assert.Throws<OperationCanceledException>(() => trainer.Run(cancellation.Token));
    }

    private MiniDiffusionOptions Options(string run, TrainingPrecision precision) => new()
    {
        WorkDirectory = Path.Combine(_root, run),
        OutputDirectory = Path.Combine(_root, run + "-out"),
        ArtDirectory = MiniArt.Directory!,
        Threads = 1,
        Precision = precision,
        AutoEncoderSteps = 4,
        AutoEncoderBatch = 2,
        AutoEncoderWidths = (8, 16, 24),
        BackboneSteps = 2,
        Scenes = 12,
        DiffusionSteps = 4,
        DiffusionBatch = 2,
        DiffusionWidths = (16, 32),
        CheckpointEvery = 100,
        InspectEvery = 0,
        LogEvery = 2,
    };
}
