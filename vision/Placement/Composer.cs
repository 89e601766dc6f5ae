using FreeMask.Randomness;

namespace FreeMask.Vision.Placement;

/// <summary>
/// Makes an image with several objects out of images with one: cuts objects from donors, finds places, pastes back to front. Occlusion, and
/// so the label maps, are exact by construction, which is the point of Free-Mask (free-mask.md 1.7).
/// </summary>
internal static class Composer
{
    /// <summary>Composes. The same request and stream give the same result.</summary>
    /// <param name="request">Background, donors, settings.</param>
    /// <param name="random">The sample's stream for this purpose.</param>
    /// <exception cref="FreeMaskException">An image and its label map differ in size.</exception>
    public static Composite Compose(ComposeRequest request, CounterRandom random)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(random);
        var options = request.Options ?? ComposeOptions.Default;
        var scene = new ComposedScene(request.Background, options);
        var room = options.MaxObjects - Math.Max(1, scene.Objects.Count);
        if (room > 0 && request.Donors.Count > 0)
        {
            var wanted = 1 + random.NextInt(room);
            foreach (var donor in request.Donors)
            {
                if (wanted == 0) break;
                var (words, own) = (request.Background.Scene, request.Background.ClassId);
                if (!options.AnyClass && !DonorSampler.Fits(words, own, donor.ClassId, options.Thesaurus, options.Classes)) continue;
                var cutout = Cutout.Largest(donor.Image, donor.Labels, donor.ClassId, options.Feather);
                if (cutout is null || !Usable(cutout)) continue;
                if (PlacementSearch.Find(scene, cutout, donor.ClassId, options, random) is not { } choice) continue;
                scene.Paste(donor, cutout, choice);
                wanted--;
            }
        }

        return scene.ToComposite();
    }

    /// <summary>Objects that lack their top, or both sides, look cut off wherever they stand; a missing bottom or side can be put against
    /// the border.</summary>
    private static bool Usable(Cutout cutout) =>
        !cutout.Cut.HasFlag(BorderSides.Top) && !cutout.Cut.HasFlag(BorderSides.Left | BorderSides.Right) && cutout.Area >= 64;
}
