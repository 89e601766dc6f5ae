using FreeMask.Randomness;
using FreeMask.Vision.Placement;

namespace FreeMask.Vision.Evaluation;

/// <summary>A place where an object is not.</summary>
/// <param name="Kind">What is wrong with it, a word of <see cref="PlacementEvaluation"/>.</param>
/// <param name="Query">The question of which it is an answer: that of the true place, or one about another background.</param>
/// <param name="Scale">The index of its size there.</param>
/// <param name="Box">Where the object would go, in pixels of the background.</param>
internal sealed record OtherPlace(string Kind, PlacementQuery Query, int Scale, PixelBox Box);

/// <summary>An object whose true place is known, and other places.</summary>
/// <param name="Image">The number of its image: objects of one image are not independent.</param>
/// <param name="Query">The question where it could be; the first size is its own.</param>
/// <param name="Truth">Where it is.</param>
/// <param name="Others">Other places, at least one.</param>
/// <param name="Random">Draws the scores of chance.</param>
internal sealed record PlacementTrial(
    int Image, PlacementQuery Query, PixelBox Truth, IReadOnlyList<OtherPlace> Others, CounterRandom Random);
