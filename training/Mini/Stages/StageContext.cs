using FreeMask.Imaging;
using FreeMask.Training.Mini.Art;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>What every stage of the training needs.</summary>
/// <param name="Options">What to make.</param>
/// <param name="Art">The loaded art.</param>
/// <param name="Log">Takes one line of progress.</param>
internal sealed record StageContext(MiniDiffusionOptions Options, ArtCatalog Art, Action<string> Log)
{
    /// <summary>Scenes of the training art.</summary>
    internal SceneRenderer Training { get; } = new(Art, Options.Seed, heldOut: false);

    /// <summary>Scenes of the held-out art, under another seed.</summary>
    internal SceneRenderer HeldOut { get; } = new(Art, Options.Seed + 1_000_003, heldOut: true);

    /// <summary>Path of a file in the work folder.</summary>
    internal string WorkFile(string name) => Path.Combine(Options.WorkDirectory, name);

    /// <summary>Seeds the initial weights of a network: its name and the run's seed decide them.</summary>
    internal void SeedInitialWeights(int network) => random.manual_seed(unchecked((long)((Options.Seed * 1000) + (ulong)network)));
}

/// <summary>Images as tensors.</summary>
internal static class ImageTensors
{
    /// <summary>[count, 3, h, w] in [-1, 1].</summary>
    internal static Tensor FromImages(IReadOnlyList<RgbImage> images)
    {
        var (width, height) = (images[0].Width, images[0].Height);
        var bytes = new byte[images.Count * images[0].Pixels.Length];
        for (var i = 0; i < images.Count; i++) images[i].Pixels.CopyTo(bytes, i * images[0].Pixels.Length);
        using var scope = NewDisposeScope();
        return tensor(bytes, [images.Count, height, width, 3])
            .permute(0, 3, 1, 2)
            .to(ScalarType.Float32)
            .div_(PinnedScalar.Of(127.5))
            .sub_(PinnedScalar.Of(1))
            .MoveToOuterDisposeScope();
    }

    /// <summary>8-bit images of [count, 3, h, w] in [-1, 1].</summary>
    internal static RgbImage[] ToImages(Tensor batch)
    {
        using var scope = NewDisposeScope();
        int height = (int)batch.shape[2], width = (int)batch.shape[3];
        var bytes = batch
            .to(ScalarType.Float32)
            .SafeAdd(PinnedScalar.Of(1))
            .mul(PinnedScalar.Of(127.5))
            .SafeAdd(PinnedScalar.Of(0.5))
            .clamp(PinnedScalar.Of(0), PinnedScalar.Of(255))
            .to(ScalarType.Byte)
            .permute(0, 2, 3, 1)
            .contiguous()
            .data<byte>()
            .ToArray();
        return [.. bytes.Chunk(3 * width * height).Select(pixels => new RgbImage(width, height, pixels))];
    }
}
