using System.Globalization;
using FreeMask.Imaging;
using FreeMask.Tensors;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>Normalized latents (mean 0 and deviation 1 in every channel) of rendered scenes, with what their captions need.</summary>
internal sealed class LatentStore
{
    internal const int Channels = AutoEncoder.LatentChannels, Side = 16, Size = Channels * Side * Side;

    private const string Latents = "latents", ClassesName = "classes", KindsName = "kinds", MeanName = "mean", DeviationName = "deviation";
    private const int Chunk = 40;

    private readonly float[] _values;

    private LatentStore(float[] values, byte[] classes, byte[] kinds, float[] mean, float[] deviation)
    {
        _values = values;
        Classes = classes;
        Kinds = kinds;
        Mean = mean;
        Deviation = deviation;
    }

    /// <summary>VOC class of every scene, 0 for an empty one.</summary>
    internal byte[] Classes { get; }

    /// <summary>Surroundings of every scene.</summary>
    internal byte[] Kinds { get; }

    /// <summary>Mean of every raw latent channel.</summary>
    internal float[] Mean { get; }

    /// <summary>Standard deviation of every raw latent channel.</summary>
    internal float[] Deviation { get; }

    internal int Count => Classes.Length;

    /// <summary>The normalized latent of a scene.</summary>
    internal ReadOnlySpan<float> this[int index] => _values.AsSpan(index * Size, Size);

    /// <summary>Renders and encodes scenes, or loads what an earlier run has made.</summary>
    internal static LatentStore Build(StageContext context, AutoEncoderStage stage, AutoEncoder trained, CancellationToken cancellation)
    {
        var file = context.WorkFile("latents.safetensors");
        if (File.Exists(file))
        {
            var stored = Load(file);
            if (stored.Count == context.Options.Scenes) return stored;
        }

        var network = stage.Create();
        using (var _ = no_grad())
        {
            foreach (var (target, source) in network.parameters().Zip(trained.parameters())) target.copy_(source);
            if (context.Options.Precision == TrainingPrecision.BFloat16) network.to(ScalarType.BFloat16);
            foreach (var parameter in network.parameters().Where(p => p.dim() == 4)) parameter.set_(parameter.ChannelsLast());
        }

        using var inference = inference_mode();
        var count = context.Options.Scenes;
        var (values, classes, kinds) = (new float[count * Size], new byte[count], new byte[count]);
        context.Log($"latents: rendering and encoding {count:N0} scenes");
        for (var first = 0; first < count; first += Chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            if (first % (50 * Chunk) == 0) context.Log($"latents: {first:N0}");
            var images = new RgbImage[Math.Min(Chunk, count - first)];
            Parallel.For(0, images.Length, i =>
            {
                var index = first + i;
                var scene = SceneFiles.Draw(context.Training, index);
                (images[i], classes[index], kinds[index]) = (scene.Image, (byte)scene.Objects.FirstOrDefault(), (byte)scene.Kind);
            });
            var input = ImageTensors.FromImages(images).ChannelsLast().to(network.parameters().First().dtype);
            network.Encode(input).to(ScalarType.Float32).contiguous().data<float>().ToArray().CopyTo(values, first * Size);
        }

        var store = Normalize(values, classes, kinds);
        store.Save(file);
        context.Log(
            $"latents: deviation {string.Join(' ', store.Deviation.Select(value => value.ToString("F3", CultureInfo.InvariantCulture)))}"
        );
        return store;
    }

    private static LatentStore Normalize(float[] values, byte[] classes, byte[] kinds)
    {
        var (mean, deviation) = (new float[Channels], new float[Channels]);
        const int Area = Side * Side;
        for (var channel = 0; channel < Channels; channel++)
        {
            double sum = 0, squares = 0;
            for (var at = channel * Area; at < values.Length; at += Size)
            {
                foreach (var value in values.AsSpan(at, Area))
                {
                    sum += value;
                    squares += (double)value * value;
                }
            }

            var n = (double)classes.Length * Area;
            mean[channel] = (float)(sum / n);
            deviation[channel] = (float)Math.Sqrt((squares / n) - (sum / n * (sum / n)));
            for (var at = channel * Area; at < values.Length; at += Size)
            {
                foreach (ref var value in values.AsSpan(at, Area)) value = (value - mean[channel]) / deviation[channel];
            }
        }

        return new LatentStore(values, classes, kinds, mean, deviation);
    }

    private void Save(string path) => new SafetensorsFile(
    [
        NamedTensor.FromSingles(Latents, [Count, Channels, Side, Side], _values),
        NamedTensor.FromBytes(ClassesName, [Count], Classes),
        NamedTensor.FromBytes(KindsName, [Count], Kinds),
        NamedTensor.FromSingles(MeanName, [Channels], Mean),
        NamedTensor.FromSingles(DeviationName, [Channels], Deviation),
    ]).Save(path);

    private static LatentStore Load(string path)
    {
        var file = SafetensorsFile.Load(path);
        return new LatentStore(
            file[Latents].ToSingles(),
            file[ClassesName].Bytes.ToArray(),
            file[KindsName].Bytes.ToArray(),
            file[MeanName].ToSingles(),
            file[DeviationName].ToSingles()
        );
    }
}
