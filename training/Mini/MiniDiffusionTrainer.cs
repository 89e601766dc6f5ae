using FreeMask.Training.Mini.Art;
using FreeMask.Training.Mini.Evaluation;
using FreeMask.Training.Mini.Export;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Mini.Stages;
using FreeMask.Training.Mini.Text;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini;

/// <summary>
/// Makes the embedded mini bundle: art, scenes, autoencoder, classification backbone, held-out set, latents, text encoder and U-Net,
/// export. Every stage leaves its result in the work folder; a run that was stopped (or killed) continues from the last checkpoint and
/// gives the weights that an undisturbed run gives on the same machine.
/// </summary>
/// <param name="options">What to make.</param>
/// <param name="log">Takes one line of progress at a time.</param>
internal sealed class MiniDiffusionTrainer(MiniDiffusionOptions options, Action<string> log)
{
    /// <summary>Folder of the classification backbone in the bundle.</summary>
    public const string BackboneFolder = "backbone";

    /// <summary>Folder of the held-out set in the bundle.</summary>
    public const string HeldOutFolder = "heldout";

    private const int HeldOutScenes = 200;

    /// <summary>Trains what is not trained yet and writes the bundle.</summary>
    /// <exception cref="FreeMaskException">The art is missing, or the work folder belongs to networks of another shape.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a checkpoint was written.</exception>
    public void Run(CancellationToken cancellation)
    {
        var context = Start();
        set_num_threads(options.Threads);
        var autoEncoderStage = new AutoEncoderStage(context);
        var autoEncoder = autoEncoderStage.Run(cancellation);
        using (var backbone = new BackboneStage(context).Run(cancellation))
            backbone.Save(Path.Combine(options.OutputDirectory, BackboneFolder));
        HeldOutSet.Write(context.Art, Path.Combine(options.OutputDirectory, HeldOutFolder), HeldOutScenes);
        var latents = LatentStore.Build(context, autoEncoderStage, autoEncoder, cancellation);
        var vocabulary = MiniVocabulary.OfCaptions();
        var inspection = new DiffusionInspection(context, autoEncoder, (latents.Mean, latents.Deviation), vocabulary);
        void Inspect(DiffusionNetwork network, int step)
        {
            if (options.InspectEvery == 0 || (step % options.InspectEvery != 0 && step != options.DiffusionSteps)) return;
            inspection.Run(network, step);
            MiniBundle.Write(options.OutputDirectory, autoEncoder, latents.Mean, latents.Deviation, network, vocabulary);
        }

        var diffusion = new DiffusionStage(context, vocabulary).Run(latents, Inspect, cancellation);
        MiniBundle.Write(options.OutputDirectory, autoEncoder, latents.Mean, latents.Deviation, diffusion, vocabulary);
        log($"bundle: written to {options.OutputDirectory}");
    }

    /// <summary>Writes training scenes for a program that trains the networks elsewhere (see <see cref="SceneFiles"/>).</summary>
    /// <param name="directory">Where the files are written; those that exist are kept.</param>
    /// <param name="files">How many files.</param>
    /// <param name="perFile">Scenes in each.</param>
    /// <param name="cancellation">Stops after the current file.</param>
    /// <exception cref="FreeMaskException">The art is missing.</exception>
    public void WriteScenes(string directory, int files, int perFile, CancellationToken cancellation) =>
        SceneFiles.Write(Start(), directory, files, perFile, cancellation);

    /// <summary>Writes the bundle from networks that were trained elsewhere (see <see cref="TrainedWeights"/>) and looks at them.</summary>
    /// <param name="directory">The folder of the weights.</param>
    /// <exception cref="FreeMaskException">The art or a file of weights is missing or does not fit.</exception>
    public void Import(string directory)
    {
        var context = Start();
        set_num_threads(options.Threads);
        var weights = new TrainedWeights(directory);
        var vocabulary = MiniVocabulary.OfCaptions();
        using (var backbone = weights.Backbone())
        {
            log($"backbone: held-out accuracy {BackboneStage.HeldOutAccuracy(context, backbone):F3}");
            backbone.Save(Path.Combine(options.OutputDirectory, BackboneFolder));
        }

        var stage = new AutoEncoderStage(context);
        var autoEncoder = weights.AutoEncoder(stage);
        log($"autoencoder: held-out PSNR {stage.HeldOutPsnr(autoEncoder):F2} dB");
        HeldOutSet.Write(context.Art, Path.Combine(options.OutputDirectory, HeldOutFolder), HeldOutScenes);
        var statistics = weights.LatentStatistics();
        var diffusion = weights.Diffusion(new DiffusionStage(context, vocabulary));
        new DiffusionInspection(context, autoEncoder, statistics, vocabulary).Run(diffusion, options.DiffusionSteps);
        MiniBundle.Write(options.OutputDirectory, autoEncoder, statistics.Mean, statistics.Deviation, diffusion, vocabulary);
        log($"bundle: written to {options.OutputDirectory}");
    }

    private StageContext Start()
    {
        Directory.CreateDirectory(options.WorkDirectory);
        var context = new StageContext(options, ArtCatalog.Load(options.ArtDirectory), log);
        log($"art: {context.Art.Sprites.Count} images, {context.Art.Sprites.Count(sprite => sprite.HeldOut)} of them held out");
        return context;
    }
}
