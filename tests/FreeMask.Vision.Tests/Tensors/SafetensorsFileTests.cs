using FreeMask.Vision.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Tensors;

public sealed class SafetensorsFileTests
{
    private static byte[] Sample()
    {
        var file = new SafetensorsFile(
            [NamedTensor.FromSingles("b", [2, 2], [1, 2, 3, 4]), NamedTensor.FromInt64s("a", [1], [-5]), NamedTensor.FromBytes("c", [3], [7, 8, 9])],
            new Dictionary<string, string> { ["format"] = "pt" });
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
        var data = Sample();
        var error = Assert.Throws<FreeMaskException>(() => SafetensorsFile.Parse(data.AsMemory(0, length < 0 ? data.Length + length : length), "sample.safetensors"));
        Assert.Contains("sample.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("no/such.safetensors", Assert.Throws<FreeMaskException>(() => SafetensorsFile.Load("no/such.safetensors")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_of_the_reference_writer_is_read()
    {
        var file = SafetensorsFile.Load(Fixtures.Path("mask2former", "resnet", "model.safetensors"));
        Assert.Contains(file.Tensors, t => t.Name == "class_predictor.weight");
        Assert.All(file.Tensors, t => Assert.All(t.ToSingles(), v => Assert.False(float.IsNaN(v))));
    }
}
