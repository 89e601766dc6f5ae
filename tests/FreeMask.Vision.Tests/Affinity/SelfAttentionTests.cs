using FreeMask.Diffusion.Attention;
using FreeMask.Imaging;
using Xunit;

namespace FreeMask.Vision.Tests.Affinity;

public sealed class SelfAttentionTests
{
    [Fact]
    public void Cells_take_what_they_attend_to()
    {
        float[] attention = [0.25f, 0.75f, 1, 0];
        Assert.Equal([1.75f, 1], SelfAttention.Propagate(new FloatMap(2, 1, [1, 2]), attention, 1).Values);
    }

    [Fact]
    public void Power_zero_copies()
    {
        Assert.Equal([1f, 2f], SelfAttention.Propagate(new FloatMap(2, 1, [1, 2]), [0, 1, 1, 0], 0).Values);
    }

    [Fact]
    public void A_matrix_of_another_size_is_refused()
    {
        Assert.Throws<ArgumentException>(() => SelfAttention.Propagate(new FloatMap(2, 2), new float[9], 1));
    }
}
