using Xunit;

namespace FreeMask.GrainInterfaces.Tests;

public sealed class ObjectPlacesTests
{
    [Fact]
    public void Positions_are_kept_exactly_and_scores_to_their_step()
    {
        ObjectPlace[] places =
        [
            new(0, 65_535, 640, 120, 0, 1, [0.25, 1]),
            new(17, 3, 20, 300, 0, 1.0 / 3, [0, 1.0 / 7]),
        ];
        var kept = ObjectPlaces.Of(1280, 400, 1, ["fit", "room"], places);

        Assert.Equal(2 * 7 * sizeof(ushort), kept.Packed.Length);
        Assert.Equal(places.Select(p => (p.X, p.Y, p.Width, p.Height)), kept.Places.Select(p => (p.X, p.Y, p.Width, p.Height)));
        Assert.Equal([0.5, 0.75], kept.Places.Select(p => p.Scale));
        foreach (var (told, read) in places.Zip(kept.Places))
        {
            Assert.Equal(told.Score, read.Score, 1.0 / 65_535);
            Assert.All(told.Parts.Zip(read.Parts), part => Assert.Equal(part.First, part.Second, 1.0 / 65_535));
        }
    }

    [Fact]
    public void A_scorer_without_parts_has_places_all_the_same()
    {
        var kept = ObjectPlaces.Of(10, 10, 0, [], [new ObjectPlace(1, 2, 3, 4, 0, 0.5, []), new ObjectPlace(5, 6, 1, 1, 0, 0.25, [])]);
        Assert.Equal([1, 5], kept.Places.Select(p => p.X));
        Assert.All(kept.Places, place => Assert.Empty(place.Parts));
    }

    [Fact]
    public void A_place_outside_the_image_is_refused() =>
        Assert.Throws<OverflowException>(() => ObjectPlaces.Of(10, 10, 0, [], [new ObjectPlace(-1, 2, 3, 4, 0, 0.5, [])]));
}
