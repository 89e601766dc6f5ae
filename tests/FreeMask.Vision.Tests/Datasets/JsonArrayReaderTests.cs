using System.Text;
using System.Text.Json;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Vision.Tests.Datasets;

public sealed class JsonArrayReaderTests
{
    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    public void Objects_of_any_length_come_with_their_places(string mark)
    {
        // Longer than one buffer, longer than several, and short ones that lie across the seams.
        int[] lengths = [.. Enumerable.Range(0, 3000).Select(i => i == 1500 ? 200_000 : i % 90)];
        var items = string.Join(
            ", ",
            lengths.Select((length, i) => $"{{\"id\": {i}, \"deep\": [{{\"x\": [1]}}], \"text\": \"{new string('ä', length)}\"}}")
        );
        var bytes = Encoding.UTF8.GetBytes(
            $"{mark}{{\"info\": {{\"a\": [{{\"id\": -1}}]}}, \"first\": [{items}], \"number\": 1, \"second\": [{{\"id\": 7}}]}}\n"
        );
        var seen = new List<(string Array, int Id)>();
        JsonArrayReader.Walk(new MemoryStream(bytes), (array, offset, json) =>
        {
            Assert.True(json.Span.SequenceEqual(bytes.AsSpan((int)offset, json.Length)));
            using var document = JsonDocument.Parse(json);
            seen.Add((array, document.RootElement.GetProperty("id").GetInt32()));
            return true;
        });
        Assert.Equal([.. Enumerable.Range(0, 3000).Select(i => ("first", i)), ("second", 7)], seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[{}]")]
    [InlineData("7")]
    [InlineData("{\"a\": [{\"id\": 1}")]
    [InlineData("{\"a\": [{\"id\": ")]
    [InlineData("{\"a\": []} {")]
    public void Damaged_documents_are_refused(string text) =>
        Assert.ThrowsAny<JsonException>(() => JsonArrayReader.Walk(new MemoryStream(Encoding.UTF8.GetBytes(text)), (_, _, _) => true));
}
