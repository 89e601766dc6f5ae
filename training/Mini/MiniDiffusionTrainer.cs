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
        Directory.CreateDirectory(options.WorkDirectory);
        set_num_threads(options.Threads);
        var context = new StageContext(options, ArtCatalog.Load(options.ArtDirectory), log);
        log($"art: {context.Art.Sprites.Count} images, {context.Art.Sprites.Count(sprite => sprite.HeldOut)} of them held out");
        var autoEncoderStage = new AutoEncoderStage(context);
        var autoEncoder = autoEncoderStage.Run(cancellation);
        using (var backbone = new BackboneStage(context).Run(cancellation))
            backbone.Save(Path.Combine(options.OutputDirectory, BackboneFolder));
        HeldOutSet.Write(context.Art, Path.Combine(options.OutputDirectory, HeldOutFolder), HeldOutScenes);
        var latents = LatentStore.Build(context, autoEncoderStage, autoEncoder, cancellation);
        var vocabulary = MiniVocabulary.OfCaptions();
        var inspection = new DiffusionInspection(context, autoEncoder, latents, vocabulary);
        void Inspect(DiffusionNetwork network, int step)
        {
            if (options.InspectEvery == 0 || (step % options.InspectEvery != 0 && step != options.DiffusionSteps)) return;
            inspection.Run(network, step);
            MiniBundle.Write(options.OutputDirectory, autoEncoder, latents.Mean, latents.Deviation, network, vocabulary);
        }

        var diffusion = new DiffusionStage(context, latents, vocabulary).Run(Inspect, cancellation);
        MiniBundle.Write(options.OutputDirectory, autoEncoder, latents.Mean, latents.Deviation, diffusion, vocabulary);
        log($"bundle: written to {options.OutputDirectory}");
    }
}
