using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;

namespace FreeMask.Cli.Reports;

/// <summary>One image of the kept samples of a run. Each sample has four tiles: generated image, mask, final image, label.</summary>
internal static class ContactSheet
{
    private const int Samples = 12, TilesPerSample = 4, SamplesPerRow = 2, Tile = 128;

    /// <summary>Draws the sheet of the last round with kept samples; samples are selected as for the report.</summary>
    /// <exception cref="FreeMaskException">No samples have been kept yet.</exception>
    internal static async Task<RgbImage> DrawAsync(RunReader run, CancellationToken stop)
    {
        var kept = new List<SampleRecord>();
        foreach (var round in run.Status.Rounds.Reverse())
        {
            await foreach (var sample in run.SamplesAsync(round.Round, SampleState.Kept, stop)) kept.Add(sample);
            if (kept.Count > 0) break;
        }

        if (kept.Count == 0)
            throw new FreeMaskException(
                $"Run '{run.Status.Run}' has kept no sample yet: there is nothing to show before its first selection."
            );
        var tiles = new List<RgbImage>();
        foreach (var sample in ReportSelection.Strips(kept, Samples)) tiles.AddRange(await TilesAsync(run, sample, stop));
        return ImageOverlay.Grid(tiles, TilesPerSample * SamplesPerRow, Tile);
    }

    private static async Task<IEnumerable<RgbImage>> TilesAsync(RunReader run, SampleRecord sample, CancellationToken stop)
    {
        async Task<RgbImage> Image(string artifact) =>
            await run.ImageAsync(sample, artifact, stop)
            ?? throw new InvalidOperationException($"Kept sample {sample.Index} has no {artifact}.");
        async Task<LabelMap> Labels(string artifact) =>
            await run.LabelsAsync(sample, artifact, stop)
            ?? throw new InvalidOperationException($"Kept sample {sample.Index} has no {artifact}.");
        var colors = run.Spec.LabelSet();
        var (drawn, final) = (await Image(ArtifactNames.Image), await Image(ArtifactNames.FinalImage));
        return
        [
            drawn,
            ImageOverlay.Draw(drawn, await Labels(ArtifactNames.Label), colors.Color),
            final,
            ImageOverlay.Draw(final, await Labels(ArtifactNames.CompositeLabel), colors.Color),
        ];
    }
}
