using FreeMask.Training.Torch;
using FreeMask.Vision.Harmonization;

namespace FreeMask.Training.Harmonization;

/// <summary>What the trainings of all forms do with checkpoints.</summary>
internal static class HarmonizerCheckpoint
{
    /// <summary>Refuses the checkpoint of another form before any image is read.</summary>
    /// <param name="form">The form that is trained.</param>
    /// <param name="store">Where checkpoints are kept.</param>
    /// <exception cref="FreeMaskException">It has one of another form.</exception>
    internal static void Require(string form, ITrainingCheckpointStore? store)
    {
        if (store?.Load() is not { } file) return;
        var found = RainNetGraph.IsHere(file, TrainingLoop.Weights) ? RainNetForm.Word : StatisticsForm.Word;
        if (found != form)
            throw new FreeMaskException(
                $"The training's checkpoint is of the form '{found}', not '{form}': go on with that form, or name another folder."
            );
    }

    /// <summary>Names a training: its settings and what it learns from.</summary>
    internal static string Fingerprint(HarmonizerRequest request, HarmonizerSamples samples) =>
        TrainingLoop.Hash(samples.Names.Prepend((request with { CheckpointEvery = 1 }).ToString()));
}
