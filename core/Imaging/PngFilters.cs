using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FreeMask.Imaging;

/// <summary>The row filters of PNG (specification, clause 9), a register at a time where rows allow it.</summary>
internal static class PngFilters
{
    /// <summary>Takes a filter back, in place.</summary>
    /// <param name="filter">0 to 4.</param>
    /// <param name="row">The filtered bytes.</param>
    /// <param name="above">The row above, zeros for the first.</param>
    /// <param name="step">Bytes from a sample to the one at its left.</param>
    /// <returns>False where the filter is unknown.</returns>
    internal static bool Undo(byte filter, Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        switch (filter)
        {
            case 0:
                return true;
            case 1:
                for (var i = step; i < row.Length; i++) row[i] += row[i - step];
                return true;
            case 2:
                UndoUp(row, above);
                return true;
            case 3:
                for (var i = 0; i < row.Length; i++) row[i] += (byte)(((i >= step ? row[i - step] : 0) + above[i]) >> 1);
                return true;
            case 4:
                UndoPaeth(row, above, step);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Filters a row by the one of Sub, Up and Paeth with the smallest sum of absolute differences.</summary>
    /// <param name="row">The row, with <paramref name="step"/> zeros before it.</param>
    /// <param name="above">The row above, likewise.</param>
    /// <param name="step">Bytes from a sample to the one at its left.</param>
    /// <param name="candidates">Three buffers of the row's length.</param>
    /// <param name="result">Takes the filter's number, then the bytes.</param>
    internal static void Apply(ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int step, byte[][] candidates, Span<byte> result)
    {
        var samples = row[step..];
        var left = row[..^step];
        var up = above[step..];
        var corner = above[..^step];
        Span<long> costs =
        [
            Subtract(samples, left, candidates[0]),
            Subtract(samples, up, candidates[1]),
            SubtractPaeth(samples, left, up, corner, candidates[2]),
        ];
        var best = costs[0] <= costs[1] && costs[0] <= costs[2] ? 0 : costs[1] <= costs[2] ? 1 : 2;
        result[0] = best == 0 ? (byte)1 : best == 1 ? (byte)2 : (byte)4;
        candidates[best].CopyTo(result[1..]);
    }

    private static byte Paeth(int left, int up, int corner)
    {
        int estimate = left + up - corner, a = Math.Abs(estimate - left), b = Math.Abs(estimate - up), c = Math.Abs(estimate - corner);
        return (byte)(a <= b && a <= c ? left : b <= c ? up : corner);
    }

    private static void UndoUp(Span<byte> row, ReadOnlySpan<byte> above)
    {
        var rows = MemoryMarshal.Cast<byte, Vector<byte>>(row);
        var others = MemoryMarshal.Cast<byte, Vector<byte>>(above);
        for (var i = 0; i < rows.Length; i++) rows[i] += others[i];
        for (var i = rows.Length * Vector<byte>.Count; i < row.Length; i++) row[i] += above[i];
    }

    // A pixel's samples do not depend on each other: pixels of three or four bytes are worked on as one vector.
    private static void UndoPaeth(Span<byte> row, ReadOnlySpan<byte> above, int step)
    {
        var i = 0;
        if (step is 3 or 4)
        {
            Vector128<short> left = default, corner = default;
            for (; i + 4 <= row.Length; i += step)
            {
                var up = Widen(above[i..]);
                var (toLeft, toUp) = (Vector128.Abs(up - corner), Vector128.Abs(left - corner));
                var least = Vector128.Min(Vector128.Min(toLeft, toUp), Vector128.Abs(up + left - corner - corner));
                var predicted = Vector128.ConditionalSelect(
                    Vector128.Equals(least, toLeft),
                    left,
                    Vector128.ConditionalSelect(Vector128.Equals(least, toUp), up, corner)
                );
                left = (Widen(row[i..]) + predicted) & Vector128.Create((short)255);
                corner = up;
                var pixel = Vector128.Narrow(left.AsUInt16(), default).AsUInt32().ToScalar();
                BinaryPrimitives.WriteUInt16LittleEndian(row[i..], (ushort)pixel);
                row[i + 2] = (byte)(pixel >> 16);
                if (step == 4) row[i + 3] = (byte)(pixel >> 24);
            }
        }

        for (; i < row.Length; i++)
            row[i] += i >= step ? Paeth(row[i - step], above[i], above[i - step]) : above[i];
    }

    private static Vector128<short> Widen(ReadOnlySpan<byte> bytes) =>
        Vector128.WidenLower(Vector128.CreateScalar(BinaryPrimitives.ReadUInt32LittleEndian(bytes)).AsByte()).AsInt16();

    private static long Subtract(ReadOnlySpan<byte> samples, ReadOnlySpan<byte> prediction, Span<byte> result)
    {
        var left = MemoryMarshal.Cast<byte, Vector<byte>>(samples);
        var right = MemoryMarshal.Cast<byte, Vector<byte>>(prediction);
        var results = MemoryMarshal.Cast<byte, Vector<byte>>(result);
        long cost = 0;
        for (var i = 0; i < left.Length; i++) cost += Cost(results[i] = left[i] - right[i]);
        for (var i = left.Length * Vector<byte>.Count; i < samples.Length; i++)
            cost += Cost(result[i] = (byte)(samples[i] - prediction[i]));
        return cost;
    }

    private static long SubtractPaeth(
        ReadOnlySpan<byte> samples,
        ReadOnlySpan<byte> left,
        ReadOnlySpan<byte> up,
        ReadOnlySpan<byte> corner,
        Span<byte> result
    )
    {
        var vectors = MemoryMarshal.Cast<byte, Vector<byte>>(samples);
        var lefts = MemoryMarshal.Cast<byte, Vector<byte>>(left);
        var ups = MemoryMarshal.Cast<byte, Vector<byte>>(up);
        var corners = MemoryMarshal.Cast<byte, Vector<byte>>(corner);
        var results = MemoryMarshal.Cast<byte, Vector<byte>>(result);
        long cost = 0;
        for (var i = 0; i < vectors.Length; i++)
        {
            Vector.Widen(lefts[i], out var lowLeft, out var highLeft);
            Vector.Widen(ups[i], out var lowUp, out var highUp);
            Vector.Widen(corners[i], out var lowCorner, out var highCorner);
            cost += Cost(results[i] = vectors[i] - Vector.Narrow(Paeth(lowLeft, lowUp, lowCorner), Paeth(highLeft, highUp, highCorner)));
        }

        for (var i = vectors.Length * Vector<byte>.Count; i < samples.Length; i++)
            cost += Cost(result[i] = (byte)(samples[i] - Paeth(left[i], up[i], corner[i])));
        return cost;
    }

    private static Vector<ushort> Paeth(Vector<ushort> left, Vector<ushort> up, Vector<ushort> corner)
    {
        var (a, b, c) = (Vector.AsVectorInt16(left), Vector.AsVectorInt16(up), Vector.AsVectorInt16(corner));
        var (toLeft, toUp) = (Vector.Abs(b - c), Vector.Abs(a - c));
        var least = Vector.Min(Vector.Min(toLeft, toUp), Vector.Abs(a + b - c - c));
        return Vector.AsVectorUInt16(
            Vector.ConditionalSelect(Vector.Equals(least, toLeft), a, Vector.ConditionalSelect(Vector.Equals(least, toUp), b, c))
        );
    }

    // The smaller of a difference and its negative, both modulo 256, is its absolute value.
    private static long Cost(Vector<byte> differences)
    {
        Vector.Widen(Vector.Min(differences, Vector<byte>.Zero - differences), out var low, out var high);
        return Vector.Sum(low + high);
    }

    private static long Cost(byte difference) => Math.Abs((int)(sbyte)difference);
}
