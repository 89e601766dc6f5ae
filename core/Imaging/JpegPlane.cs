namespace FreeMask.Imaging;

/// <summary>
/// The samples of a JPEG component as rows of the image. Components of half the image's resolution are enlarged as libjpeg does by default
/// ("fancy upsampling", <c>jdsample.c</c>): each sample is mixed from its two nearest, 3 : 1. Others are repeated.
/// </summary>
internal sealed class JpegPlane
{
    private readonly JpegComponent _component;
    private readonly byte[] _samples;
    private readonly int _across, _down;
    private readonly int[] _sums;

    internal JpegPlane(JpegFrame frame, JpegComponent component, ushort[] quantization)
    {
        _component = component;
        _samples = JpegTransform.Samples(component, quantization);
        if (frame.MaximumHorizontal % component.Horizontal != 0 || frame.MaximumVertical % component.Vertical != 0)
            throw new InvalidDataException("A component's resolution is no whole part of the image's.");
        (_across, _down) = (frame.MaximumHorizontal / component.Horizontal, frame.MaximumVertical / component.Vertical);
        _sums = new int[component.Width];
    }

    /// <summary>Writes a row of the image.</summary>
    /// <param name="y">The row.</param>
    /// <param name="target">At least the image's width, rounded up to whole samples of the component.</param>
    internal void Row(int y, Span<byte> target)
    {
        var width = _component.Width;
        var row = Source(y / _down);
        var isMixed = _across == 1 || width > 2;
        if (_across <= 2 && _down == 2 && isMixed)
        {
            var other = Source(y % 2 == 0 ? (y / 2) - 1 : (y / 2) + 1);
            var sums = _sums.AsSpan(0, width);
            for (var x = 0; x < sums.Length; x++) sums[x] = (3 * row[x]) + other[x];
            if (_across == 2) MixBoth(sums, target);
            else for (var x = 0; x < sums.Length; x++) target[x] = (byte)((sums[x] + 1 + (y % 2)) >> 2);
        }
        else if (_across == 2 && _down == 1 && isMixed) MixAcross(row, target);
        else if (_across == 1) row.CopyTo(target);
        else for (var x = 0; x < width; x++) target.Slice(x * _across, _across).Fill(row[x]);
    }

    /// <summary>A row of the component's own samples; the first and last stand for those beyond.</summary>
    private ReadOnlySpan<byte> Source(int line) =>
        _samples.AsSpan(Math.Clamp(line, 0, _component.Height - 1) * 8 * _component.Stride, _component.Width);

    private static void MixAcross(ReadOnlySpan<byte> row, Span<byte> target)
    {
        target[0] = row[0];
        target[1] = (byte)(((3 * row[0]) + row[1] + 2) >> 2);
        var last = row.Length - 1;
        for (var x = 1; x < last; x++)
        {
            target[2 * x] = (byte)(((3 * row[x]) + row[x - 1] + 1) >> 2);
            target[(2 * x) + 1] = (byte)(((3 * row[x]) + row[x + 1] + 2) >> 2);
        }

        target[2 * last] = (byte)(((3 * row[last]) + row[last - 1] + 1) >> 2);
        target[(2 * last) + 1] = row[last];
    }

    private static void MixBoth(ReadOnlySpan<int> sums, Span<byte> target)
    {
        target = target[..(2 * sums.Length)];
        target[0] = (byte)(((4 * sums[0]) + 8) >> 4);
        target[1] = (byte)(((3 * sums[0]) + sums[1] + 7) >> 4);
        var last = sums.Length - 1;
        for (var x = 1; x < last; x++)
        {
            var middle = 3 * sums[x];
            target[2 * x] = (byte)((middle + sums[x - 1] + 8) >> 4);
            target[(2 * x) + 1] = (byte)((middle + sums[x + 1] + 7) >> 4);
        }

        target[2 * last] = (byte)(((3 * sums[last]) + sums[last - 1] + 8) >> 4);
        target[(2 * last) + 1] = (byte)(((4 * sums[last]) + 7) >> 4);
    }
}
