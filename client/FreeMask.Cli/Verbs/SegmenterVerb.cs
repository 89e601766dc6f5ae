using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mini;
using FreeMask.Vision;
using FreeMask.Vision.Export;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train segmenter</c>: a Mask2Former on any data set in PASCAL VOC's layout, with the recipe that runs use.</summary>
internal static class SegmenterVerb
{
    private const string BundleSegmenter = "segmenter", Weights = "model.safetensors", DefaultBundle = "mini";

    internal static Command Create(VerbHost host)
    {
        var dataset = new Option<string>("--dataset") { Description = "The data set to learn from, in PASCAL VOC layout; what 'export' writes, for one.", Required = true, HelpName = "DIR" };
        var list = new Option<string?>("--list") { Description = "Only the samples of this list in ImageSets/Segmentation. Default: train where there is one, else all.", HelpName = "NAME" };
        var validation = new Option<string?>("--validation") { Description = "A data set to measure the segmenter on. Default: the list val of the data set, where there is one.", HelpName = "DIR" };
        var init = new Option<string>("--init") { Description = "Starting weights: bundle (the bundle's segmenter), backbone (its classification backbone alone), none, or a model folder.", DefaultValueFactory = _ => "backbone", HelpName = "WEIGHTS" };
        var steps = new Option<int>("--steps") { Description = "Optimiser steps.", DefaultValueFactory = _ => 3000, HelpName = "N" };
        var batch = new Option<int>("--batch") { Description = "Pictures in a step.", DefaultValueFactory = _ => 16, HelpName = "N" };
        var rate = new Option<double>("--learning-rate") { Description = "Learning rate at the start; it falls linearly to zero.", DefaultValueFactory = _ => 1e-3, HelpName = "X" };
        var size = new Option<int>("--size") { Description = "Side of the training crops in pixels, a multiple of 32.", DefaultValueFactory = _ => 128, HelpName = "PIXELS" };
        var seed = new Option<ulong>("--seed") { Description = "Names fresh weights, order, augmentation and sampled points.", DefaultValueFactory = _ => 1, HelpName = "N" };
        var every = new Option<int>("--checkpoint-steps") { Description = "Steps between checkpoints.", DefaultValueFactory = _ => 100, HelpName = "N" };
        var output = new Option<string>("--out") { Description = "Where the segmenter and the training's checkpoint are written; the same command continues there.", Required = true, HelpName = "DIR" };
        return host.Handle(new Command("segmenter", "Train a Mask2Former on a data set; it can be stopped and continued.") { dataset, list, validation, init, steps, batch, rate, size, seed, every, output }, async (parsed, desk, stop) =>
        {
            var source = parsed.GetRequiredValue(dataset);
            var (data, measured) = (Learnt(source, parsed.GetValue(list)), Measured(source, parsed.GetValue(validation)));
            var request = new SegmenterTrainingRequest
            {
                Labels = VocClasses.Names,
                Seed = parsed.GetValue(seed),
                Steps = parsed.GetValue(steps),
                BatchSize = parsed.GetValue(batch),
                LearningRate = parsed.GetValue(rate),
                Size = parsed.GetValue(size),
                CheckpointEvery = parsed.GetValue(every),
                InitialFolder = Start(host.Bundles, parsed.GetRequiredValue(init)),
            };
            var folder = Path.GetFullPath(parsed.GetRequiredValue(output));
            desk.Say($"Training on {data.Entries.Count} samples of {data.Root}. Ctrl-C stops after a checkpoint; the same command continues.");
            await Task.Run(() => Train(request, data, folder, desk, stop), CancellationToken.None);
            var measure = measured is null ? null : SegmenterMeasure.Take(folder, measured, stop);
            return new(new { segmenter = folder, samples = data.Entries.Count, request.Steps, validation = measure }, console =>
            {
                console.Profile.Out.Writer.WriteLine(folder);
                measure?.Show(console);
            });
        });
    }

    private static void Train(SegmenterTrainingRequest request, VocDataset data, string folder, Desk desk, CancellationToken stop)
    {
        var checkpoint = new CheckpointFile(Path.Combine(folder, "checkpoint.safetensors"));
        if (!checkpoint.Exists && File.Exists(Path.Combine(folder, Weights)))
            throw new FreeMaskException($"{folder} holds a segmenter already; name another folder with --out.");
        var samples = data.LoadAll().Select(sample => new SegmentationSample(sample.Id, sample.Image, sample.Labels)).ToList();
        SegmenterTrainer.Train(request, samples, checkpoint, new Lines(desk, request.CheckpointEvery), stop, desk.Time).Save(folder);
        checkpoint.Remove();
    }

    private static VocDataset Learnt(string folder, string? list) => VocDataset.Open(folder, list ?? (VocDataset.Lists(folder).Contains("train") ? "train" : null));

    private static VocDataset? Measured(string folder, string? validation) =>
        validation is not null ? VocDataset.Open(validation)
        : VocDataset.Lists(folder).Contains("val") ? VocDataset.Open(folder, "val") : null;

    private static string? Start(BundleCatalog bundles, string init)
    {
        if (init == "none") return null;
        var here = Directory.GetCurrentDirectory();
        var folder = init switch
        {
            "bundle" => Path.Combine(bundles.Folder(DefaultBundle, here) ?? DefaultBundle, BundleSegmenter),
            "backbone" => Path.Combine(bundles.Folder(DefaultBundle, here) ?? DefaultBundle, MiniDiffusionTrainer.BackboneFolder),
            _ => Path.GetFullPath(init),
        };
        return File.Exists(Path.Combine(folder, Weights))
            ? folder
            : throw new FreeMaskException($"There are no weights to start from for --init {init}: {Path.Combine(folder, Weights)} does not exist. Use bundle, backbone, none or a model folder.");
    }

    /// <summary>The training's checkpoint as a file that is whole or absent.</summary>
    private sealed class CheckpointFile(string path) : ITrainingCheckpointStore
    {
        internal bool Exists => File.Exists(path);

        public ReadOnlyMemory<byte>? Load() => Exists ? File.ReadAllBytes(path) : (ReadOnlyMemory<byte>?)null;

        public void Save(int step, ReadOnlyMemory<byte> checkpoint)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path + ".tmp", checkpoint.Span);
            File.Move(path + ".tmp", path, overwrite: true);
        }

        internal void Remove() => File.Delete(path);
    }

    /// <summary>A line at each checkpoint.</summary>
    private sealed class Lines(Desk desk, int every) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step % every == 0 || value.Step == value.Steps)
                desk.Say(string.Create(CultureInfo.InvariantCulture, $"step {value.Step} of {value.Steps}, loss {value.Loss:0.000}, {value.Seconds:0} s"));
        }
    }
}
