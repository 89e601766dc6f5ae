using System.Buffers.Binary;
using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>A place that was tried for a pasted object.</summary>
/// <param name="X">Left edge of the object's box in pixels of the image.</param>
/// <param name="Y">Its upper edge.</param>
/// <param name="Width">Its width in pixels.</param>
/// <param name="Height">Its height in pixels.</param>
/// <param name="Scale">max(width / image width, height / image height).</param>
/// <param name="Score">The score of the place, in [0, 1].</param>
/// <param name="Parts">Factors of the score, in [0, 1], in the order of <see cref="ObjectPlaces.PartNames"/>; empty where the scorer has
/// none.</param>
public sealed record ObjectPlace(int X, int Y, int Width, int Height, double Scale, double Score, ImmutableArray<double> Parts);

/// <summary>
/// The best places that were tried for a pasted object, best first, and the one that it took. Stored in 16 bits a number, because a
/// sample's record is written after every stage: positions are exact, scores and parts have steps of 1 / 65535.
/// </summary>
[GenerateSerializer, Immutable, Alias("freemask.ObjectPlaces")]
public sealed record ObjectPlaces
{
    // Box and score.
    private const int FixedNumbers = 5;

    private const double Steps = ushort.MaxValue;

    /// <summary>The width of the image in pixels.</summary>
    [Id(0)] public required int ImageWidth { get; init; }

    /// <summary>The height of the image in pixels.</summary>
    [Id(1)] public required int ImageHeight { get; init; }

    /// <summary>Which place was taken, from 0.</summary>
    [Id(2)] public required int Chosen { get; init; }

    /// <summary>The names of the parts of each score, such as <c>fit</c>; empty where the scorer has none.</summary>
    [Id(3)] public ImmutableArray<string> PartNames { get; init; } = [];

    /// <summary>The stored form of the places: for each one x, y, width, height, score and parts, little-endian.</summary>
    [Id(4)] public ReadOnlyMemory<byte> Packed { get; init; }

    /// <summary>The places, best first.</summary>
    public ImmutableArray<ObjectPlace> Places
    {
        get
        {
            var size = FixedNumbers + PartNames.Length;
            var places = ImmutableArray.CreateBuilder<ObjectPlace>();
            for (var at = 0; (at + size) * sizeof(ushort) <= Packed.Length; at += size)
            {
                int width = Number(at + 2), height = Number(at + 3);
                places.Add(new ObjectPlace(
                    Number(at),
                    Number(at + 1),
                    width,
                    height,
                    Math.Max((double)width / ImageWidth, (double)height / ImageHeight),
                    Number(at + 4) / Steps,
                    [.. Enumerable.Range(at + FixedNumbers, PartNames.Length).Select(n => Number(n) / Steps)]
                ));
            }

            return places.ToImmutable();
        }
    }

    /// <summary>Stores places.</summary>
    /// <param name="imageWidth">The width of the image in pixels.</param>
    /// <param name="imageHeight">The height of the image in pixels.</param>
    /// <param name="chosen">Which place was taken.</param>
    /// <param name="partNames">The names of the parts.</param>
    /// <param name="places">The places, best first, inside the image; scales are not stored, they follow from the boxes.</param>
    public static ObjectPlaces Of(
        int imageWidth,
        int imageHeight,
        int chosen,
        ImmutableArray<string> partNames,
        IReadOnlyCollection<ObjectPlace> places
    )
    {
        ArgumentNullException.ThrowIfNull(places);
        var numbers = places.SelectMany(p => new[] { p.X, p.Y, p.Width, p.Height, Step(p.Score) }.Concat(p.Parts.Select(Step))).ToArray();
        var packed = new byte[numbers.Length * sizeof(ushort)];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteUInt16LittleEndian(packed.AsSpan(i * sizeof(ushort)), checked((ushort)numbers[i]));
        return new ObjectPlaces
        {
            ImageWidth = imageWidth,
            ImageHeight = imageHeight,
            Chosen = chosen,
            PartNames = partNames,
            Packed = packed,
        };
    }

    private static int Step(double share) => (int)Math.Round(Math.Clamp(share, 0, 1) * Steps);

    private int Number(int at) => BinaryPrimitives.ReadUInt16LittleEndian(Packed.Span[(at * sizeof(ushort))..]);
}
