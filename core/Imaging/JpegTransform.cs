namespace FreeMask.Imaging;

/// <summary>
/// The inverse DCT of JPEG blocks in integers: Loeffler, Ligtenberg and Moschytz's of 1989 with 13 bits of fraction, with the roundings of
/// libjpeg's <c>jidctint.c</c>, so that the samples are those of libjpeg's default ("islow").
/// </summary>
internal static class JpegTransform
{
    private const int Fraction = 13, FirstPass = 2;

    // Constants of jidctint.c: round(x 2^13).
    private const int C0298 = 2446, C0390 = 3196, C0541 = 4433, C0765 = 6270, C0899 = 7373, C1175 = 9633;
    private const int C1501 = 12299, C1847 = 15137, C1961 = 16069, C2053 = 16819, C2562 = 20995, C3072 = 25172;

    /// <summary>The samples of a component, block by block: rows of 8 x <see cref="JpegComponent.Stride"/> samples.</summary>
    internal static byte[] Samples(JpegComponent component, ushort[] quantization)
    {
        var stride = 8 * component.Stride;
        var samples = new byte[stride * 8 * component.Lines];
        Span<int> work = stackalloc int[64];
        for (var line = 0; line < component.Lines; line++)
            for (var column = 0; column < component.Stride; column++)
                Invert(component.Block(column, line), quantization, work, samples.AsSpan((line * 8 * stride) + (8 * column)), stride);
        return samples;
    }

    private static void Invert(ReadOnlySpan<short> block, ReadOnlySpan<ushort> quantization, Span<int> work, Span<byte> target, int stride)
    {
        if (block.Length != 64 || quantization.Length != 64 || work.Length != 64) throw new ArgumentException("A block has 64 values.");
        if (block[1..].IndexOfAnyExcept((short)0) < 0)
        {
            // A constant block: the passes' roundings of one value.
            var level = Level((block[0] * quantization[0] << FirstPass) + (1 << (FirstPass + 2)) >> (FirstPass + 3));
            for (var y = 0; y < 8; y++) target.Slice(y * stride, 8).Fill(level);
            return;
        }

        for (var x = 0; x < 8; x++)
        {
            // Most columns of a photo's blocks are constant.
            if (
                block[8 + x] == 0
                && block[16 + x] == 0
                && block[24 + x] == 0
                && block[32 + x] == 0
                && block[40 + x] == 0
                && block[48 + x] == 0
                && block[56 + x] == 0
            )
            {
                var value = block[x] * quantization[x] << FirstPass;
                for (var y = 0; y < 64; y += 8) work[y + x] = value;
                continue;
            }

            var row = new Eight(
                block[x] * quantization[x],
                block[8 + x] * quantization[8 + x],
                block[16 + x] * quantization[16 + x],
                block[24 + x] * quantization[24 + x],
                block[32 + x] * quantization[32 + x],
                block[40 + x] * quantization[40 + x],
                block[48 + x] * quantization[48 + x],
                block[56 + x] * quantization[56 + x]
            ).Transform();
            const int Shift = Fraction - FirstPass, Half = 1 << (Shift - 1);
            work[x] = (row.A + Half) >> Shift;
            work[8 + x] = (row.B + Half) >> Shift;
            work[16 + x] = (row.C + Half) >> Shift;
            work[24 + x] = (row.D + Half) >> Shift;
            work[32 + x] = (row.E + Half) >> Shift;
            work[40 + x] = (row.F + Half) >> Shift;
            work[48 + x] = (row.G + Half) >> Shift;
            work[56 + x] = (row.H + Half) >> Shift;
        }

        for (var y = 0; y < 8; y++)
        {
            var line = work.Slice(8 * y, 8);
            var row = new Eight(line[0], line[1], line[2], line[3], line[4], line[5], line[6], line[7]).Transform();
            const int Shift = Fraction + FirstPass + 3, Half = 1 << (Shift - 1);
            var samples = target.Slice(y * stride, 8);
            samples[0] = Level((row.A + Half) >> Shift);
            samples[1] = Level((row.B + Half) >> Shift);
            samples[2] = Level((row.C + Half) >> Shift);
            samples[3] = Level((row.D + Half) >> Shift);
            samples[4] = Level((row.E + Half) >> Shift);
            samples[5] = Level((row.F + Half) >> Shift);
            samples[6] = Level((row.G + Half) >> Shift);
            samples[7] = Level((row.H + Half) >> Shift);
        }
    }

    private static byte Level(int value) => (byte)Math.Clamp(value + 128, 0, 255);

    /// <summary>Eight values of a row or column. Damaged files overflow without harm.</summary>
    private readonly record struct Eight(int A, int B, int C, int D, int E, int F, int G, int H)
    {
        internal Eight Transform()
        {
            unchecked
            {
                var even = (C + G) * C0541;
                var (t2, t3) = (even - (G * C1847), even + (C * C0765));
                var (t0, t1) = ((A + E) << Fraction, (A - E) << Fraction);
                var (e0, e3, e1, e2) = (t0 + t3, t0 - t3, t1 + t2, t1 - t2);

                var (z3, z4) = (H + D, F + B);
                var z5 = (z3 + z4) * C1175;
                var (z1, z2) = (-(H + B) * C0899, -(F + D) * C2562);
                z3 = z5 - (z3 * C1961);
                z4 = z5 - (z4 * C0390);
                var (o0, o1, o2, o3) = (
                    (H * C0298) + z1 + z3,
                    (F * C2053) + z2 + z4,
                    (D * C3072) + z2 + z3,
                    (B * C1501) + z1 + z4
                );
                return new(e0 + o3, e1 + o2, e2 + o1, e3 + o0, e3 - o0, e2 - o1, e1 - o2, e0 - o3);
            }
        }
    }
}
