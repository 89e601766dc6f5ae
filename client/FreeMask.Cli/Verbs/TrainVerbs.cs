using System.CommandLine;

namespace FreeMask.Cli.Verbs;

/// <summary>
/// <c>freemask train</c>: trains a segmenter, a harmonizer or a placement model on a data set, an affinity model on a run, or the parts of
/// the model bundle that ships.
/// </summary>
internal static class TrainVerbs
{
    internal static Command Create(VerbHost host) =>
        new("train", "Train a segmenter, affinities, a harmonizer, a placement model, or the parts of the model bundle that ships.")
        {
            SegmenterVerb.Create(host),
            AffinityVerb.Create(host),
            HarmonizerVerb.Create(host),
            PlacementTrainingVerb.Create(host),
            MiniDiffusionVerb.Create(host),
            MiniScenesVerb.Create(host),
            MiniTestSetVerb.Create(host),
        };
}
