namespace FreeMask.Training.Placement;

/// <summary>Samples without end. A sample depends on (seed, its number) alone; calls may run in parallel.</summary>
internal interface IPlacementSamples
{
    /// <summary>Number of objects.</summary>
    int Count { get; }

    /// <summary>Draws a sample.</summary>
    /// <param name="seed">The training's seed.</param>
    /// <param name="number">The sample's number.</param>
    /// <param name="purpose">Names the stream.</param>
    PlacementSample Draw(ulong seed, long number, string purpose);
}
