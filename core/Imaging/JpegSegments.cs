using System.Buffers.Binary;

namespace FreeMask.Imaging;

/// <summary>A segment of a JPEG file.</summary>
/// <param name="Marker">The second byte of its marker.</param>
/// <param name="Body">Where its bytes lie, without marker and length; empty for markers without.</param>
internal readonly record struct JpegSegment(byte Marker, Range Body);

/// <summary>The segments of a JPEG file by their headers (ITU-T T.81, annex B); coded data are passed over.</summary>
internal static class JpegSegments
{
    internal const byte EndOfImage = 0xD9, StartOfScan = 0xDA, ProgressiveFrame = 0xC2;

    /// <summary>Segments up to the end of the image, or to where the bytes end or make no sense.</summary>
    internal static List<JpegSegment> Of(ReadOnlySpan<byte> data)
    {
        var segments = new List<JpegSegment>();
        for (var at = 2; at + 2 <= data.Length && data[at] == 0xFF;)
        {
            var marker = data[at + 1];
            // A marker may have any number of fill bytes before it.
            if (marker == 0xFF)
            {
                at++;
                continue;
            }

            var length = marker == EndOfImage ? 0 : at + 4 <= data.Length ? BinaryPrimitives.ReadUInt16BigEndian(data[(at + 2)..]) : -1;
            if (length < 0 || (marker != EndOfImage && (length < 2 || at + 2 + length > data.Length))) break;
            segments.Add(new(marker, marker == EndOfImage ? at..at : (at + 4)..(at + 2 + length)));
            if (marker == EndOfImage) break;
            at += 2 + length;
            if (marker == StartOfScan) at = AfterScan(data, at);
        }

        return segments;
    }

    // Within coded data 0xFF is followed by 0, or by a restart marker.
    private static int AfterScan(ReadOnlySpan<byte> data, int at)
    {
        while (at + 1 < data.Length && !(data[at] == 0xFF && data[at + 1] is not (0 or (>= 0xD0 and <= 0xD7) or 0xFF))) at++;
        return at;
    }
}
