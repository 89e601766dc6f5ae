using System.Globalization;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Files;
using FreeMask.Training.Mask2Former;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Cli.Verbs;

/// <summary>
/// <c>freemask export MODEL --onnx</c>: exports a Mask2Former checkpoint as <c>model.onnx</c> and <c>card.json</c>, for images of one
/// size.
/// </summary>
internal static class OnnxExportVerb
{
    private const int DefaultSide = 512, SmallestSide = 32, LargestSide = 4096;

    internal static async Task<VerbResult> RunAsync(string named, string target, string? size, bool overwrite, CommandContext context)
    {
        string[] candidates = [Path.GetFullPath(named), new RunFolder(context.Data, named).Segmenter];
        var folder =
            candidates.FirstOrDefault(CheckpointFolder.HasWeights)
            ?? throw new FreeMaskException(
                $"'{named}' is neither a model folder with config.json and model.safetensors, nor a run in {context.Data.Root} that has "
                    + "trained a segmenter."
            );
        if (CheckpointFolder.KindOf(folder) is var kind && kind != "mask2former")
            throw new FreeMaskException($"{folder} is a model of type '{kind}'; only 'mask2former' can be exported.");
        var (model, card) = (Path.Combine(target, ModelFileNames.Onnx), Path.Combine(target, ModelFileNames.Card));
        if (File.Exists(model) && !overwrite)
            throw new FreeMaskException($"{model} exists; name another folder with --out, or replace it with --overwrite.");
        var (width, height) = size is null ? SizeOf(folder) : Parse(size);
        OutputFolder.Make(target);
        await Task.Run(() =>
        {
            var (onnx, text) = SegmenterExport.ToOnnx(folder, width, height);
            AtomicFile.Write(model, onnx);
            AtomicFile.Write(card, text);
        });
        return new VerbResult(new { checkpoint = folder, model, card, width, height }, console =>
            console.Profile.Out.Writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model} for images of {width}x{height}")));
    }

    /// <summary>The image size of the checkpoint: from its card, its preprocessor (square if it has one side only), or 512.</summary>
    private static (int Width, int Height) SizeOf(string folder)
    {
        if (Path.Combine(folder, ModelFileNames.Card) is var card && File.Exists(card))
            return SegmenterCard.Load(card) is var made ? (made.Width, made.Height) : default;
        if (Path.Combine(folder, SegmenterPreprocessing.FileName) is var file && File.Exists(file))
        {
            var preprocessing = SegmenterPreprocessing.Load(file);
            var side = preprocessing.ShortestEdge ?? DefaultSide;
            var (width, height) = preprocessing.FixedSize ?? (side, side);
            return preprocessing.SizeOf(width, height);
        }

        return (DefaultSide, DefaultSide);
    }

    private static (int Width, int Height) Parse(string size)
    {
        var sides = size.Split('x');
        return
            sides.Length is 1 or 2
            && sides.All(side =>
                int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out var pixels)
                && pixels is >= SmallestSide and <= LargestSide
            )
            ? (int.Parse(sides[0], CultureInfo.InvariantCulture), int.Parse(sides[^1], CultureInfo.InvariantCulture))
            : throw new FreeMaskException(
                $"'{size}' is no size; write one side in pixels, from {SmallestSide} to {LargestSide}, such as 512, or WIDTHxHEIGHT."
            );
    }
}
