using System.Globalization;
using FreeMask.Randomness;
using FreeMask.Training.Mini.Art;
using FreeMask.Training.Mini.Scenes;
using FreeMask.Vision.Datasets;

namespace FreeMask.Training.Placement;

/// <summary>What a placement network learns from, and what it is measured on.</summary>
/// <param name="Learned">Objects to learn from.</param>
/// <param name="HeldOut">Objects that nothing is learned from.</param>
/// <param name="Images">Names of the images that are learned from; none of rendered scenes.</param>
/// <param name="Scenes">Number of rendered scenes that are learned from.</param>
/// <param name="Identity">Lines of text that name all that is learned from.</param>
internal sealed record PlacementMaterial(
    IPlacementSamples Learned,
    IPlacementSamples HeldOut,
    IReadOnlyList<string> Images,
    int Scenes,
    IReadOnlyList<string> Identity
)
{
    // Of rendered scenes of training art there is one of held-out art to so many.
    private const int PerHeldOut = 20;

    // The series of scenes of the two parts of the art differ, so that they do not share their surroundings.
    private const ulong HeldOutSeed = 1_000_003;

    /// <summary>Photographs with masks, whose objects are taken out.</summary>
    /// <param name="request">How is trained.</param>
    /// <param name="sets">Images with masks, in an order that never changes.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="FreeMaskException">There are too few objects.</exception>
    internal static PlacementMaterial OfImages(
        PlacementTrainingRequest request,
        IReadOnlyList<ObjectImages> sets,
        CancellationToken cancellation
    )
    {
        var (learned, heldOut) = (new PlacementSamples(request.Size), new PlacementSamples(request.Size));
        foreach (var set in sets)
            for (var i = 0; i < set.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var isHeldOut = new CounterRandom(request.Seed, "placement-held-out:" + set.IdOf(i)).NextDouble() < request.HeldOut;
                (isHeldOut ? heldOut : learned).Add(set.Load(i));
            }

        return learned.Count > 1 && heldOut.Count > 0
            ? new(learned, heldOut, learned.Names, 0, learned.Names)
            : throw new FreeMaskException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{string.Join(" and ", sets.Select(set => set.Root))}: too few objects of {100 * ObjectImages.LeastArea} to "
                        + $"{100 * ObjectImages.MostArea} % of their image that its border does not cut ({learned.Count} to learn from, "
                        + $"{heldOut.Count} held out). Name more images."
                )
            );
    }

    /// <summary>Rendered scenes: those to learn from are of training art, the others of art that no training sees.</summary>
    /// <param name="request">How is trained; its seed names the scenes.</param>
    /// <param name="art">The art.</param>
    /// <param name="scenes">Number of scenes to learn from.</param>
    /// <param name="cancellation">Stops between two scenes.</param>
    internal static PlacementMaterial OfScenes(
        PlacementTrainingRequest request,
        ArtCatalog art,
        int scenes,
        CancellationToken cancellation
    ) => new(
        SceneSamples.Render(Training(art, request.Seed), scenes, request.Size, cancellation),
        SceneSamples.Render(HeldOutArt(art, request.Seed), Math.Max(2, scenes / PerHeldOut), request.Size, cancellation),
        [],
        scenes,
        [
            string.Create(CultureInfo.InvariantCulture, $"{scenes} rendered scenes"),
            .. art.Sprites.Where(sprite => !sprite.HeldOut).Select(sprite => sprite.Name),
        ]
    );

    /// <summary>Scenes of the art that no training sees.</summary>
    internal static SceneRenderer HeldOutArt(ArtCatalog art, ulong seed) => new(art, seed + HeldOutSeed, heldOut: true);

    private static SceneRenderer Training(ArtCatalog art, ulong seed) => new(art, seed, heldOut: false);
}
