using System.CommandLine;

namespace FreeMask.Cli.Verbs;

/// <summary>
/// <c>freemask train</c>: trains a segmenter or a harmonizer on a data set, an affinity model on a run, or the parts of the model bundle
/// that ships.
/// </summary>
internal static class TrainVerbs
{
    internal static Command Create(VerbHost host) =>
        new("train", "Train a segmenter, affinities, a harmonizer, or the parts of the model bundle that ships.")
        {
            SegmenterVerb.Create(host),
            AffinityVerb.Create(host),
            HarmonizerVerb.Create(host),
            MiniDiffusionVerb.Create(host),
            MiniScenesVerb.Create(host),
            MiniTestSetVerb.Create(host),
        };
}
