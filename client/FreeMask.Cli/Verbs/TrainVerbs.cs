using System.CommandLine;

namespace FreeMask.Cli.Verbs;

/// <summary>
/// <c>freemask train</c>: trains a segmenter on a data set, an affinity model on a run, or the parts of the model bundle that ships.
/// </summary>
internal static class TrainVerbs
{
    internal static Command Create(VerbHost host) =>
        new("train", "Train a segmenter on a data set, affinities on a run's coarse masks, or the parts of the model bundle that ships.")
        {
            SegmenterVerb.Create(host),
            AffinityVerb.Create(host),
            MiniDiffusionVerb.Create(host),
            MiniScenesVerb.Create(host),
            MiniTestSetVerb.Create(host),
        };
}
