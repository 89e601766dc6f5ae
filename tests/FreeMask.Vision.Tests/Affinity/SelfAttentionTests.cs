using FreeMask.Vision.Affinity;
using FreeMask.Vision.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

public sealed class SelfAttentionTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Powers_equal_the_reference(int power)
    {
        var tensors = Golden.Tensors("affinity", "golden.safetensors");
        for (var c = 0; c < 2; c++)
        {
            var result = SelfAttention.Propagate(Golden.Map(tensors["small.cam"], c), tensors["small.attention"].ToSingles(), power);
            Golden.Near(Golden.Map(tensors[$"small.attention_power.column.{power}.raw"], c).Values, result.Values, 1e-5);
        }
    }

    [Fact]
    public void Power_zero_copies() => Assert.Equal([1f, 2f], SelfAttention.Propagate(new FloatMap(2, 1, [1, 2]), [0, 1, 1, 0], 0).Values);

    [Fact]
    public void A_matrix_of_another_size_is_refused() =>
        Assert.Throws<ArgumentException>(() => SelfAttention.Propagate(new FloatMap(2, 2), new float[9], 1));
}
