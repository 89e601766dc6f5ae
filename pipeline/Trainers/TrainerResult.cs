using FreeMask.Files;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Imaging;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Pipeline.Trainers;

/// <summary>Checks what a training program leaves in its output folder, and stores it.</summary>
internal static class TrainerResult
{
    /// <summary>Reads the output: a Mask2Former in Hugging Face's format, which is exported to ONNX, or an ONNX model with its
    /// card.</summary>
    /// <param name="folder">The output folder.</param>
    /// <param name="classes">The names that the model must have, by index.</param>
    /// <param name="size">The side of the model's input in pixels.</param>
    /// <param name="image">An image that the model must be able to segment.</param>
    /// <param name="store">Where the model is kept.</param>
    /// <param name="stop">Cancels.</param>
    /// <exception cref="FreeMaskException">There is no model, or it has other classes, other shapes, or values that are not
    /// finite.</exception>
    internal static async Task<SegmenterModel> ReadAsync(
        string folder,
        IReadOnlyList<string> classes,
        int size,
        RgbImage image,
        IArtifactStore store,
        CancellationToken stop
    )
    {
        if (CheckpointFolder.KindOf(folder) is { } kind)
        {
            if (kind != "mask2former")
                throw Unusable($"a model of type '{kind}'; FreeMask reads 'mask2former', or an ONNX model with its card");
            var trained = await Task.Run(() => ReadFolder(folder, classes, size), stop);
            Try(new OnnxSegmenter(trained.Onnx, SegmenterCard.Parse(trained.Card, ModelFileNames.Card)), classes.Count, image);
            return await SegmenterArtifacts.KeepAsync(store, trained, stop);
        }

        var (onnx, card) = (Path.Combine(folder, ModelFileNames.Onnx), Path.Combine(folder, ModelFileNames.Card));
        if (!File.Exists(onnx) || !File.Exists(card))
            throw Unusable(
                $"no model: neither {ModelFileNames.Config} with {ModelFileNames.Weights}, nor {ModelFileNames.Onnx} with "
                    + $"{ModelFileNames.Card}"
            );
        RequireClasses(SegmenterCard.Load(card).Classes, classes, ModelFileNames.Card);
        Try(OnnxSegmenter.Load(folder), classes.Count, image);
        var hash = await store.PutAsync(await File.ReadAllBytesAsync(onnx, stop), stop);
        var description = await store.PutAsync(await File.ReadAllBytesAsync(card, stop), stop);
        return new SegmenterModel(hash, description, hash, description);
    }

    private static SegmenterTrainingResult ReadFolder(string folder, IReadOnlyList<string> classes, int size)
    {
        RequireClasses(Mask2FormerConfig.Load(Path.Combine(folder, CheckpointFolder.Config)).Labels, classes, CheckpointFolder.Config);
        using var model = Mask2FormerModel.Load(folder);
        model.eval();
        var weights = ModuleState.ToFile(model);
        if (weights.Tensors.FirstOrDefault(t => t.ToSingles().Any(v => !float.IsFinite(v))) is { } bad)
            throw Unusable($"a model whose weights are not finite ({bad.Name}); the training diverged, lower its learning rate");
        return new SegmenterTrainingResult(
            weights.ToBytes(),
            model.Config.ToJson(),
            Mask2FormerOnnx.Export(model, size, size),
            Mask2FormerOnnx.Card(model.Config, size, size).ToJson(),
            Steps: 0,
            Seconds: 0,
            FinalLoss: double.NaN
        );
    }

    private static void RequireClasses(IReadOnlyList<string> found, IReadOnlyList<string> wanted, string file)
    {
        if (found.SequenceEqual(wanted)) return;
        var at = Enumerable.Range(0, Math.Max(found.Count, wanted.Count)).First(i => NameOf(found, i) != NameOf(wanted, i));
        throw Unusable(
            $"a model with other classes ({file} has {found.Count}, the run {wanted.Count}; class {at} is '{NameOf(found, at)}' instead of "
                + $"'{NameOf(wanted, at)}'; the model needs the classes of the job file with their ids)"
        );
    }

    private static string NameOf(IReadOnlyList<string> classes, int index) => classes.ElementAtOrDefault(index) ?? "none";

    private static void Try(OnnxSegmenter opened, int classes, RgbImage image)
    {
        using var segmenter = opened;
        var seen = segmenter.Segment(image);
        if (seen.Labels.Labels.Any(label => label >= classes) || seen.Confidence.Values.Any(value => !float.IsFinite(value)))
            throw Unusable("a model that gives values which are not finite");
    }

    private static FreeMaskException Unusable(string what) =>
        new($"The training program ended with exit code 0 and left {what} in the output folder of its job.");
}
