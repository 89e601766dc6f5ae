using FreeMask.Tensors;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Mini.Stages;
using FreeMask.Training.Mini.Text;
using FreeMask.Training.Torch;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mini;

public sealed class SceneFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("freemask-scenes").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_files_hold_the_scenes_of_the_training_and_their_captions()
    {
        var context = Write();
        var second = SafetensorsFile.Load(Path.Combine(_root, "scenes-00001.safetensors"));
        var scene = context.Training.Single(4);
        Assert.Equal(scene.Image.Pixels, second["images"].Bytes.ToArray()[..scene.Image.Pixels.Length]);
        Assert.Equal((byte)scene.Objects[0], second["classes"].Bytes.Span[0]);
        // Every 25th scene is empty, the first of all too.
        Assert.Equal(0, SafetensorsFile.Load(Path.Combine(_root, "scenes-00000.safetensors"))["classes"].Bytes.Span[0]);

        var tables = SafetensorsFile.Load(Path.Combine(_root, "training.safetensors"));
        var captions = tables["captions"].ToInt64s();
        var dogOnGrass = ((12 * SceneKinds.Count) + (int)SceneKind.Grass) * Captions.Templates * MiniVocabulary.Length;
        Assert.Equal(
            MiniVocabulary.OfCaptions().Encode("a photo of a dog on the grass"),
            captions[dogOnGrass..(dogOnGrass + MiniVocabulary.Length)]
        );
    }

    [Fact]
    public void The_reference_holds_what_the_networks_give()
    {
        Write();
        var file = SafetensorsFile.Load(Path.Combine(_root, "reference.safetensors"));
        using var autoEncoder = new AutoEncoder();
        SafetensorsFile Part(string prefix) => new(
            [.. file.Tensors.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal))]);
        ModuleState.Import(autoEncoder, Part("autoencoder."), name => name["autoencoder.".Length..]).ThrowIfAny("reference");
        using var _ = no_grad();
        var decoded = autoEncoder.Decode(tensor(file["latent"].ToSingles(), [1, 4, 16, 16])).contiguous().data<float>().ToArray();
        var expected = file["decoded"].ToSingles();
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], decoded[i], 1e-4f);
        // Random weights make a network that does something.
        Assert.True(expected.Max() - expected.Min() > 0.01);
    }

    private StageContext Write()
    {
        var options = new MiniDiffusionOptions { WorkDirectory = _root, ArtDirectory = _root, OutputDirectory = _root };
        var context = new StageContext(options, MiniArt.Require(), _ => { });
        SceneFiles.Write(context, _root, files: 2, perFile: 4, CancellationToken.None);
        return context;
    }
}
