using FreeMask.Files;
using FreeMask.Training.Torch;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Training.Mask2Former;

/// <summary>How images are changed at random before a model learns from them.</summary>
internal enum SegmenterAugmentation
{
    /// <summary>Not at all; images are stretched to the training size.</summary>
    None,

    /// <summary>Flipped, scaled by up to 1.35 either way, shifted and recolored; for images that are about as large as the
    /// crops.</summary>
    Small,

    /// <summary>
    /// As Mask2Former's semantic recipe: the shorter side becomes 0.5 to 2 times the training size, a square is cut out, colors are
    /// jittered as SSD does, half of the images are mirrored, and what the square lacks is grey and unknown.
    /// </summary>
    Reference,

    /// <summary>As <see cref="Small"/>, and half of the images are put together from two, four or nine, as DiffuMask splices
    /// them.</summary>
    Splicing,

    /// <summary>As <see cref="Small"/>, after the style of the image is changed by <see cref="StyleAugmentation"/>.</summary>
    Style,
}

/// <summary>How a segmenter is trained. The defaults are for the small model at 128x128 pixels; <see cref="Reference"/> gives Mask2Former's
/// own recipe.</summary>
internal sealed record SegmenterTrainingRequest
{
    /// <summary>Class names; a label map's values index them.</summary>
    public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Seed of fresh weights, order, augmentation and sampled points.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Optimizer steps.</summary>
    public required int Steps { get; init; }

    /// <summary>
    /// A model folder to start from: a Mask2Former (all weights; a class head for other classes starts afresh) or a ResNet or Swin
    /// classifier (its backbone); null starts from nothing.
    /// </summary>
    public string? InitialFolder { get; init; }

    /// <summary>The model's shape; null takes that of <see cref="InitialFolder"/>, or the small model.</summary>
    public Mask2FormerConfig? Config { get; init; }

    /// <summary>Images in a step.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>Batches whose gradients a step averages. Not public: the name of a training would change for those that have one.</summary>
    internal int Accumulation { get; init; } = 1;

    /// <summary>Learning rate at the start; it falls to zero with <see cref="RatePower"/>.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>The rate of a step is (1 - step / steps) to this power.</summary>
    public double RatePower { get; init; } = 1;

    /// <summary>The backbone's share of the learning rate.</summary>
    public double BackboneRateFactor { get; init; } = 0.3;

    /// <summary>AdamW's weight decay; norms and embeddings do not decay.</summary>
    public double WeightDecay { get; init; } = 0.05;

    /// <summary>Largest common norm of the gradients.</summary>
    public double GradientClip { get; init; } = 1;

    /// <summary>Side of the training crops and of the exported model's input, in pixels; a multiple of 32.</summary>
    public int Size { get; init; } = 128;

    /// <summary>How images are changed at random.</summary>
    public SegmenterAugmentation Augmentation { get; init; } = SegmenterAugmentation.Small;

    /// <summary>Whether the backbone's batch norms stay as they are (advisable for batches under 8).</summary>
    public bool FreezeNormalization { get; init; }

    /// <summary>
    /// The part of the starting weights in the final ones, in [0, 1): trained weights are averaged with those of the segmenter that the
    /// training started from, which keeps what it knows of images that the samples do not show (WiSE-FT: Wortsman et al., Robust
    /// fine-tuning of zero-shot models, 2022). Not public: the steps, and so the checkpoints, are the same with any.
    /// </summary>
    internal double StartShare { get; init; }

    /// <summary>Where the training computes. Not public: a checkpoint of one device may be continued on another.</summary>
    internal TrainingDevice Device { get; init; } = TrainingDevice.Processor;

    /// <summary>Precision of its products. Not public: the name of a training would change for those of 32 bits.</summary>
    internal TrainingPrecision Precision { get; init; }

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 50;

    /// <summary>Threads of the numeric library; 0 leaves them. Weights are bit-identical only for one number of threads and one kind of
    /// processor.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Mask2Former's recipe for semantic segmentation (its <c>configs/ade20k</c> and <c>train_net.py</c>): AdamW at 1e-4, a tenth of it for
    /// the backbone, decay 0.05, a clip at 0.01, a polynomial schedule of power 0.9, sixteen crops of 512 pixels a step. Batch norms of a
    /// pre-trained backbone stay as they are.
    /// </summary>
    /// <param name="labels">Class names.</param>
    /// <param name="seed">Seed of fresh weights, order, augmentation and sampled points.</param>
    /// <param name="steps">Optimizer steps.</param>
    public static SegmenterTrainingRequest Reference(IReadOnlyList<string> labels, ulong seed, int steps) => new()
    {
        Labels = labels,
        Seed = seed,
        Steps = steps,
        LearningRate = 1e-4,
        BackboneRateFactor = 0.1,
        WeightDecay = 0.05,
        GradientClip = 0.01,
        RatePower = 0.9,
        Size = 512,
        Augmentation = SegmenterAugmentation.Reference,
        FreezeNormalization = true,
    };
}

/// <summary>Looks at a model in the middle of its training.</summary>
internal interface ITrainingSnapshots
{
    /// <summary>Whether the model after a step is wanted and was not taken before.</summary>
    bool Wants(int step);

    /// <summary>Takes the model as it is after a step; the training waits.</summary>
    void Take(int step, SegmenterTrainingResult snapshot);
}

/// <summary>A trained segmenter.</summary>
/// <param name="Weights">The bytes of <c>model.safetensors</c>.</param>
/// <param name="Config">The text of <c>config.json</c>.</param>
/// <param name="Onnx">The bytes of <c>model.onnx</c>.</param>
/// <param name="Card">The text of <c>card.json</c>, which describes the ONNX model's input and output.</param>
/// <param name="Steps">Steps that made it.</param>
/// <param name="Seconds">Seconds spent by this process.</param>
/// <param name="FinalLoss">Loss of the last step; NaN if this process made none.</param>
internal sealed record SegmenterTrainingResult(
    byte[] Weights,
    string Config,
    byte[] Onnx,
    string Card,
    int Steps,
    double Seconds,
    double FinalLoss
)
{
    /// <summary>What it took.</summary>
    public TrainingCost Cost { get; init; }

    /// <summary>The files that <see cref="Save"/> writes.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [ModelFileNames.Weights, ModelFileNames.Config, SegmenterPreprocessing.FileName, ModelFileNames.Onnx, ModelFileNames.Card];

    /// <summary>Writes <see cref="Files"/>; the folder is made where it is absent.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(Path.Combine(folder, ModelFileNames.Weights), Weights);
        AtomicFile.Write(Path.Combine(folder, ModelFileNames.Config), Config);
        AtomicFile.Write(
            Path.Combine(folder, SegmenterPreprocessing.FileName),
            SegmenterPreprocessing.Of(SegmenterCard.Parse(Card, ModelFileNames.Card)).ToJson()
        );
        AtomicFile.Write(Path.Combine(folder, ModelFileNames.Onnx), Onnx);
        AtomicFile.Write(Path.Combine(folder, ModelFileNames.Card), Card);
    }
}
