using FreeMask.GrainInterfaces;

namespace FreeMask.Grains.Tests.Domain;

internal static class Specs
{
    internal static RunSpec Small { get; } = new()
    {
        Name = "small",
        Seed = 7,
        Classes = ["cat", "aeroplane", "tvmonitor"],
        Backgrounds = ["grass", "road", "sky"],
        SamplesPerRound = 30,
    };
}
