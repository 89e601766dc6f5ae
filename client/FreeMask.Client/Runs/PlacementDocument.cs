using System.Collections.Immutable;
using FreeMask.GrainInterfaces;

namespace FreeMask.Client.Runs;

/// <summary>The places that were tried for a pasted object.</summary>
/// <param name="Object">The object, from 1 in the order of pasting: back to front.</param>
/// <param name="Donor">The index of the sample of the same round that it was cut from.</param>
/// <param name="Candidates">The best places, best first.</param>
internal sealed record PlacementDocument(int Object, int Donor, IReadOnlyList<PlaceDocument> Candidates)
{
    /// <summary>The objects of a sample; none for records of versions that did not keep places.</summary>
    internal static IReadOnlyList<PlacementDocument> Of(SampleRecord sample)
    {
        var facts = sample.Facts.ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal);
        return [.. sample.Places.Select((tried, i) => new PlacementDocument(
            i + 1,
            (int)facts[FactNames.DonorOf(i + 1)],
            [.. tried.Places.Select((place, n) => PlaceDocument.Of(place, n == tried.Chosen, tried.PartNames))]
        ))];
    }
}

/// <summary>A place that was tried for a pasted object.</summary>
/// <param name="X">Left edge of the object's box in pixels of the image.</param>
/// <param name="Y">Its upper edge.</param>
/// <param name="Width">Its width in pixels.</param>
/// <param name="Height">Its height in pixels.</param>
/// <param name="Scale">max(width / image width, height / image height).</param>
/// <param name="Score">The score of the place, in [0, 1].</param>
/// <param name="Chosen">Whether the object took it.</param>
/// <param name="Parts">Factors of the score by name; empty where the scorer has none.</param>
internal sealed record PlaceDocument(
    int X,
    int Y,
    int Width,
    int Height,
    double Scale,
    double Score,
    bool Chosen,
    IReadOnlyDictionary<string, double> Parts
)
{
    // Scores are stored in steps of 1.5e-5.
    private const int Digits = 5;

    internal static PlaceDocument Of(ObjectPlace place, bool chosen, ImmutableArray<string> partNames) => new(
        place.X,
        place.Y,
        place.Width,
        place.Height,
        Math.Round(place.Scale, Digits),
        Math.Round(place.Score, Digits),
        chosen,
        partNames.Zip(place.Parts).ToDictionary(p => p.First, p => Math.Round(p.Second, Digits))
    );
}
