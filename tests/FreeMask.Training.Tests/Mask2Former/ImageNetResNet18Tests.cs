using System.Diagnostics;
using FreeMask.Onnx;
using FreeMask.Randomness;
using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;
using FreeMask.Vision.Segmentation;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

/// <summary>The NuGet package of a ResNet-18 is fetched into NuGet's own cache once; without network the tests are skipped.</summary>
public sealed class ImageNetResNet18Tests : IDisposable
{
    private const string Id = "microsoft.ml.dnnimagefeaturizer.resnet18", Version = "0.23.1";

    // The input of the ONNX file has this side.
    private const int Side = 224;

    private readonly string _folder = Directory.CreateTempSubdirectory("freemask-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Features_are_those_of_the_packages_network_on_the_same_picture()
    {
        var onnx = await FetchAsync();
        ImageNetResNet18.Write(onnx, _folder);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var backbone = new ResNetBackbone(ImageNetResNet18.Config);
        ModuleState
            .Import(backbone, CheckpointFolder.LoadWeights(_folder), name => name["resnet.".Length..])
            .ThrowIfAny(_folder);
        backbone.eval();

        // A picture of smooth shapes and noise, as levels.
        var random = new CounterRandom(7, "picture");
        var levels = new float[3 * Side * Side];
        for (var i = 0; i < levels.Length; i++)
            levels[i] = (float)(127 + (100 * Math.Sin(i * 0.0031) * Math.Cos(i / Side * 0.05)) + random.NextDouble(-20, 20));
        var (ours, theirs) = (new float[levels.Length], new float[levels.Length]);
        var area = Side * Side;
        for (var channel = 0; channel < 3; channel++)
            for (var i = 0; i < area; i++)
            {
                ours[(channel * area) + i] = ImageNormalization.ImageNet.Apply(levels[(channel * area) + i], channel);
                theirs[((2 - channel) * area) + i] = levels[(channel * area) + i] - (255 * ImageNormalization.ImageNet.Mean[channel]);
            }

        var features = backbone.forward(tensor(ours, [1, 3, Side, Side]))[^1].mean([2, 3]).data<float>().ToArray();
        using var session = OnnxSession.Load(onnx);
        var input = new Dictionary<string, FloatTensor> { [session.Inputs.First().Name] = new FloatTensor(theirs, 1, 3, Side, Side) };
        var expected = session.Run(input, session.Outputs[0].Name)[0].Values;

        Assert.Equal(512, expected.Length);
        Assert.True(expected.Max() > 1, "The features say nothing.");
        Assert.Equal(0, features.Zip(expected, (a, b) => Math.Abs(a - b)).Max(), 1e-4);
    }

    [Fact]
    public async Task A_training_starts_from_it()
    {
        ImageNetResNet18.Write(await FetchAsync(), _folder);
        var request = new SegmenterTrainingRequest
        {
            Labels = Shapes.Labels,
            Seed = 1,
            Steps = 1,
            BatchSize = 2,
            Size = 64,
            InitialFolder = _folder,
            LearningRate = 0,
        };

        var trained = SegmenterTrainer.Train(request, Shapes.Make(2, 64, seed: 1));

        var file = SafetensorsFile.Parse(trained.Weights, "weights");
        var stem = file.Tensors.Single(t => t.Name.EndsWith("embedder.embedder.convolution.weight", StringComparison.Ordinal));
        var start = CheckpointFolder.LoadWeights(_folder).Tensors.First(t => t.Shape.Count == 4);
        Assert.Equal(start.ToSingles(), stem.ToSingles());
    }

    [Fact]
    public void Another_network_is_refused()
    {
        var path = Path.Combine(_folder, "model.onnx");
        File.Copy(Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models", "mini", "vae_decoder", "model.onnx"), path);

        Assert.Contains(
            "is not the ResNet-18",
            Assert.Throws<FreeMaskException>(() => ImageNetResNet18.Read(path)).Message,
            StringComparison.Ordinal
        );
    }

    private async Task<string> FetchAsync()
    {
        var stop = TestContext.Current.CancellationToken;
        var project = Path.Combine(_folder, "fetch.csproj");
        await File.WriteAllTextAsync(
            project,
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
              <ItemGroup><PackageDownload Include="{Id}" Version="[{Version}]" /></ItemGroup>
            </Project>
            """,
            stop
        );
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var onnx = Path.Combine(cache, Id, Version, "tools", "DnnImageModels", "ResNet18Onnx", "ResNet18.onnx");
        if (File.Exists(onnx)) return onnx;
        var start = new ProcessStartInfo("dotnet", ["restore", project, "--verbosity", "quiet", "--disable-build-servers"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = _folder,
        };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        Assert.SkipUnless(process.ExitCode == 0 && File.Exists(onnx), $"The package {Id} cannot be fetched: {said}");
        return onnx;
    }
}
