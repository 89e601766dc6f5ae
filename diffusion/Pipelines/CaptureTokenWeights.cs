using FreeMask.Tensors;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>The token weights of captured columns: for each class the mean over its tokens, then, last, the sum over all words.</summary>
internal static class CaptureTokenWeights
{
    /// <summary>[images, tokens, columns]; an image with fewer classes has its word column right after them, and zeros behind.</summary>
    internal static FloatTensor Of(IReadOnlyList<GenerationJob> jobs)
    {
        var tokens = jobs[0].Prompt.Context.Shape[0];
        var columns = jobs.Max(j => j.Request.Classes.Count) + 1;
        var weights = FloatTensor.Zeros(jobs.Count, tokens, columns);
        for (var i = 0; i < jobs.Count; i++)
        {
            var row = weights.Row(i);
            var (sequence, classes) = (jobs[i].Prompt.Tokens, jobs[i].Request.Classes);
            for (var c = 0; c < classes.Count; c++)
            {
                var positions = sequence.PositionsOf(classes[c]);
                foreach (var position in positions) row[(position * columns) + c] = 1f / positions.Count;
            }

            for (var position = 1; position <= sequence.WordTokens; position++) row[(position * columns) + classes.Count] = 1;
        }

        return weights;
    }
}
