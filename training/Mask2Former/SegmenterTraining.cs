using FreeMask.Vision.Imaging;
using FreeMask.Vision.Tensors;

namespace FreeMask.Training.Mask2Former;

/// <summary>A picture and its label map, of one size.</summary>
/// <param name="Id">Its name in messages.</param>
/// <param name="Image">The picture.</param>
/// <param name="Labels">Class indices; <see cref="LabelMap.Ignore"/> where unknown.</param>
public sealed record SegmentationSample(string Id, RgbImage Image, LabelMap Labels);

/// <summary>How a segmenter is trained. The defaults are for the small model at 128x128 pixels.</summary>
public sealed record SegmenterTrainingRequest
{
    /// <summary>Class names; a label map's values index them.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Seed of fresh weights, order, augmentation and sampled points.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Optimiser steps.</summary>
    public required int Steps { get; init; }

    /// <summary>
    /// A model folder to start from: a Mask2Former (all weights; a class head of other size starts afresh) or a ResNet classifier (its backbone);
    /// null starts from nothing.
    /// </summary>
    public string? InitialFolder { get; init; }

    /// <summary>The model's shape; null takes that of <see cref="InitialFolder"/>, or the small model.</summary>
    public Mask2FormerConfig? Config { get; init; }

    /// <summary>Pictures in a step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Learning rate at the start; it falls linearly to zero.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>The backbone's share of the learning rate.</summary>
    public double BackboneRateFactor { get; init; } = 0.3;

    /// <summary>AdamW's weight decay; norms and embeddings do not decay.</summary>
    public double WeightDecay { get; init; } = 0.05;

    /// <summary>Largest common norm of the gradients.</summary>
    public double GradientClip { get; init; } = 1;

    /// <summary>Side of the training crops and of the exported model's input, in pixels; a multiple of 32.</summary>
    public int Size { get; init; } = 128;

    /// <summary>Whether pictures are flipped, scaled, shifted and recoloured at random.</summary>
    public bool Augment { get; init; } = true;

    /// <summary>Whether the backbone's batch norms stay as they are (advisable for batches under 8).</summary>
    public bool FreezeNormalization { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 50;

    /// <summary>Threads of the numeric library; 0 leaves them. Weights are bit-identical only for one number of threads and one kind of processor.</summary>
    public int Threads { get; init; }
}

/// <summary>How far a training is.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">All steps.</param>
/// <param name="Loss">Loss of the last step.</param>
/// <param name="LearningRate">Learning rate of the last step.</param>
/// <param name="Seconds">Seconds since this process began or resumed the training.</param>
public sealed record TrainingProgress(int Step, int Steps, double Loss, double LearningRate, double Seconds);

/// <summary>Keeps the last checkpoint of one training.</summary>
public interface ITrainingCheckpointStore
{
    /// <summary>The last checkpoint, or null where there is none.</summary>
    ReadOnlyMemory<byte>? Load();

    /// <summary>Replaces the checkpoint; it is durable when the call returns.</summary>
    void Save(int step, ReadOnlyMemory<byte> checkpoint);
}

/// <summary>A trained segmenter.</summary>
/// <param name="Weights">The bytes of <c>model.safetensors</c>.</param>
/// <param name="Config">The text of <c>config.json</c>.</param>
/// <param name="Onnx">The bytes of <c>model.onnx</c>.</param>
/// <param name="Card">The text of <c>card.json</c>, which describes the ONNX model's input and output.</param>
/// <param name="Steps">Steps of the whole training.</param>
/// <param name="Seconds">Seconds spent by this process.</param>
/// <param name="FinalLoss">Loss of the last step; NaN if this process made none.</param>
public sealed record SegmenterTrainingResult(byte[] Weights, string Config, byte[] Onnx, string Card, int Steps, double Seconds, double FinalLoss)
{
    /// <summary>Writes <c>model.safetensors</c>, <c>config.json</c>, <c>model.onnx</c> and <c>card.json</c>; the folder is made where it is absent.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), Weights);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), Onnx);
        File.WriteAllText(Path.Combine(folder, "card.json"), Card);
    }

    internal static byte[] Bytes(SafetensorsFile file)
    {
        using var stream = new MemoryStream();
        file.Write(stream);
        return stream.ToArray();
    }
}
