using FreeMask.Vision.Tensors;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

/// <summary>Compares tensors with those that the reference implementation recorded, under the fixture's stated tolerance.</summary>
internal static class Golden
{
    internal const double ForwardTolerance = 2e-5;

    /// <summary>The images of a case: <c>a</c> is a selection of the training rows, other cases store theirs.</summary>
    internal static Tensor Input(SafetensorsFile golden, string scene) => scene == "a"
        ? Tensor(golden["train.pixel_values"]).index_select(0, tensor(golden["a.rows"].ToInt64s()))
        : Tensor(golden[$"{scene}.pixel_values"]);

    internal static Tensor Tensor(NamedTensor named) => tensor(named.ToSingles(), [.. named.Shape]);

    /// <summary>Largest difference at most <paramref name="tolerance"/> x max(1, largest expected value).</summary>
    internal static void AssertClose(NamedTensor expected, Tensor actual, double tolerance = ForwardTolerance)
    {
        Assert.Equal(expected.Shape, actual.shape);
        var want = expected.ToSingles();
        var got = actual.detach().contiguous().data<float>().ToArray();
        var limit = tolerance * Math.Max(1, want.Max(Math.Abs));
        var worst = want.Zip(got, (w, g) => Math.Abs(w - g)).Max();
        Assert.True(worst <= limit, $"{expected.Name}: difference {worst:e2}, allowed {limit:e2}");
    }
}
