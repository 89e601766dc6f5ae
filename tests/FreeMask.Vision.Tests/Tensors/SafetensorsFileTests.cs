using System.Text.Json;
using FreeMask.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Tensors;

public sealed class SafetensorsFileTests
{
    private static byte[] Sample()
    {
        var file = new SafetensorsFile(
            [
                NamedTensor.FromSingles("b", [2, 2], [1, 2, 3, 4]),
                NamedTensor.FromInt64s("a", [1], [-5]),
                NamedTensor.FromBytes("c", [3], [7, 8, 9]),
            ],
            new Dictionary<string, string> { ["format"] = "pt" }
        );
        using var stream = new MemoryStream();
        file.Write(stream);
        return stream.ToArray();
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var file = SafetensorsFile.Parse(Sample(), "sample");
        Assert.Equal([1f, 2f, 3f, 4f], file["b"].ToSingles());
        Assert.Equal([2L, 2L], file["b"].Shape);
        Assert.Equal([-5L], file["a"].ToInt64s());
        Assert.Equal([7f, 8f, 9f], file["c"].ToSingles());
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(-1)]
    [InlineData(-12)]
    public void A_truncated_file_is_refused_by_name(int length)
    {
        var data = Sample()[..(length < 0 ? ^-length : length)];
        var error = Assert.Throws<FreeMaskException>(() => SafetensorsFile.Parse(data, "sample.safetensors"));
        Assert.Contains("sample.safetensors", error.Message, StringComparison.Ordinal);
        var path = Path.GetTempFileName();
        File.WriteAllBytes(path, data);
        Assert.Contains(path, Assert.Throws<FreeMaskException>(() => SafetensorsFile.Load(path)).Message, StringComparison.Ordinal);
        File.Delete(path);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains(
            "no/such.safetensors",
            Assert.Throws<FreeMaskException>(() => SafetensorsFile.Load("no/such.safetensors")).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void A_file_of_the_reference_writer_is_read()
    {
        var file = SafetensorsFile.Load(Fixtures.Path("mask2former", "resnet", "model.safetensors"));
        Assert.Contains(file.Tensors, t => t.Name == "class_predictor.weight");
        Assert.All(file.Tensors, t => Assert.All(t.ToSingles(), v => Assert.False(float.IsNaN(v))));
    }

    /// <summary>Explicit: it takes 2.5 GB of memory. The file itself is sparse.</summary>
    [Fact(Explicit = true)]
    public void A_file_may_be_larger_than_an_array()
    {
        const long Size = 1_250_000_000;
        var path = Path.GetTempFileName();
        try
        {
            var header = JsonSerializer.SerializeToUtf8Bytes(new
            {
                a = new { dtype = "U8", shape = new[] { Size }, data_offsets = new[] { 0, Size } },
                b = new { dtype = "U8", shape = new[] { Size }, data_offsets = new[] { Size, 2 * Size } },
            });
            using (var file = File.Create(path))
            {
                file.Write(BitConverter.GetBytes((ulong)header.Length));
                file.Write(header);
                file.SetLength(8 + header.Length + (2 * Size));
                file.Position = file.Length - 1;
                file.WriteByte(7);
            }

            var loaded = SafetensorsFile.Load(path);
            Assert.Equal((0, 7), (loaded["a"].Bytes.Span[^1], loaded["b"].Bytes.Span[^1]));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
