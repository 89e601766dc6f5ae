using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>A trained segmenter, by content hashes.</summary>
/// <param name="Weights">The hash of <c>model.safetensors</c>; it names the model.</param>
/// <param name="Config">The hash of <c>config.json</c>.</param>
/// <param name="Onnx">The hash of the ONNX export; null where none was made.</param>
/// <param name="Card">The hash of <c>card.json</c>, which describes the ONNX export's input and output; null where there is none.</param>
[GenerateSerializer, Immutable, Alias("freemask.SegmenterModel")]
public sealed record SegmenterModel(
    [property: Id(0)] string Weights,
    [property: Id(1)] string Config,
    [property: Id(2)] string? Onnx,
    [property: Id(3)] string? Card = null)
{
    /// <summary>The hashes of all its parts.</summary>
    public IEnumerable<string> Hashes => new[] { Weights, Config, Onnx, Card }.OfType<string>();
}

/// <summary>The evaluation of a segmenter on a data set that it was not trained on.</summary>
/// <param name="MeanIoU">Mean IoU in [0, 1] over <paramref name="Classes"/>.</param>
/// <param name="Classes">IoU of each class that counts and occurs.</param>
/// <param name="ZeroShot">Seen and unseen classes apart; null for other protocols.</param>
/// <param name="Transfer">The same on the second data set; null where there is none.</param>
[GenerateSerializer, Immutable, Alias("freemask.SegmenterQuality")]
public sealed record SegmenterQuality(
    [property: Id(0)] double MeanIoU,
    [property: Id(1)] ImmutableArray<ClassIoU> Classes,
    [property: Id(2)] ZeroShotQuality? ZeroShot = null,
    [property: Id(3)] SegmenterQuality? Transfer = null
)
{
    /// <summary>The 95 % bootstrap interval of <see cref="MeanIoU"/> over images; null where it was not computed.</summary>
    [Id(4)] public MeasureInterval? Interval { get; init; }
}

/// <summary>An interval that holds a measure with 95 % confidence.</summary>
/// <param name="Low">Lower end, in [0, 1].</param>
/// <param name="High">Upper end, in [0, 1].</param>
[GenerateSerializer, Immutable, Alias("freemask.MeasureInterval")]
public sealed record MeasureInterval([property: Id(0)] double Low, [property: Id(1)] double High);

/// <summary>Zero-shot segmentation: classes with real masks in training (seen) against those that only synthetic images show.</summary>
/// <param name="Seen">Mean IoU of the seen classes, background left out, in [0, 1].</param>
/// <param name="Unseen">Mean IoU of the unseen classes, in [0, 1].</param>
/// <param name="Harmonic">Their harmonic mean, in [0, 1].</param>
[GenerateSerializer, Immutable, Alias("freemask.ZeroShotQuality")]
public sealed record ZeroShotQuality([property: Id(0)] double Seen, [property: Id(1)] double Unseen, [property: Id(2)] double Harmonic);

/// <summary>The IoU of one class.</summary>
/// <param name="Class">The class.</param>
/// <param name="IoU">Intersection over union in [0, 1].</param>
[GenerateSerializer, Immutable, Alias("freemask.ClassIoU")]
public sealed record ClassIoU([property: Id(0)] string Class, [property: Id(1)] double IoU);

/// <summary>Progress of a training or an evaluation.</summary>
/// <param name="Job">What is running, such as <c>fold 1 of 2</c>, <c>segmenter</c> or <c>evaluation</c>.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in total; 0 if unknown.</param>
/// <param name="Loss">The recent loss; null if there is none.</param>
[GenerateSerializer, Immutable, Alias("freemask.TrainingProgress")]
public sealed record TrainingProgress(
    [property: Id(0)] string Job,
    [property: Id(1)] int Step,
    [property: Id(2)] int Steps,
    [property: Id(3)] double? Loss
);
