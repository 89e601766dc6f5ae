using FreeMask.Randomness;
using Xunit;

namespace FreeMask.Vision.Tests.Randomness;

public sealed class CounterRandomTests
{
    // Known-answer vectors of the Random123 distribution (kat_vectors, philox4x32, 10 rounds).
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u,
        0x85a308d3u,
        0x13198a2eu,
        0x03707344u,
        0xa4093822u,
        0x299f31d0u,
        0xd16cfe09u,
        0x94fdccebu,
        0x5001e420u,
        0x24126ea1u
    )]
    public void Philox_equals_the_published_vectors(
        uint c0,
        uint c1,
        uint c2,
        uint c3,
        uint k0,
        uint k1,
        uint r0,
        uint r1,
        uint r2,
        uint r3
    )
    {
        var block = new uint[4];
        CounterRandom.Philox(c0, c1, c2, c3, k0, k1, block);
        Assert.Equal([r0, r1, r2, r3], block);
    }

    [Fact]
    public void A_stream_depends_on_every_part_of_its_name()
    {
        var first = new[]
        {
            new CounterRandom(1, 2, 3, "latent"), new CounterRandom(2, 2, 3, "latent"), new CounterRandom(1, 3, 3, "latent"),
            new CounterRandom(1, 2, 4, "latent"), new CounterRandom(1, 2, 3, "prompt"),
        }.Select(r => r.NextUInt64()).ToArray();
        Assert.Equal(first.Length, first.Distinct().Count());
        Assert.Equal(first[0], new CounterRandom(1, 2, 3, "latent").NextUInt64());
    }

    [Fact]
    public void Gaussians_have_mean_zero_and_variance_one()
    {
        var values = new float[200_000];
        new CounterRandom(7, "test").FillGaussian(values);
        var mean = values.Average();
        var variance = values.Select(v => (v - mean) * (v - mean)).Average();
        Assert.InRange(mean, -0.01, 0.01);
        Assert.InRange(variance, 0.985, 1.015);
    }

    [Fact]
    public void Integers_are_uniform()
    {
        var counts = new int[7];
        var random = new CounterRandom(3, "test");
        for (var i = 0; i < 70_000; i++) counts[random.NextInt(7)]++;
        Assert.All(counts, c => Assert.InRange(c, 9_600, 10_400));
    }
}
