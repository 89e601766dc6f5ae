using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision.Tests;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class MiniEvaluationTests
{
    [Fact]
    public void The_shipped_bundle_is_as_good_as_its_card_says()
    {
        var folder = Path.Combine(Fixtures.RepositoryRoot, "models", "mini");
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "unet", "model.onnx")), $"there is no bundle in {folder}");
        var lines = new List<string>();
        var result = MiniEvaluation.Run(
            new MiniEvaluationOptions
            {
                Model = folder,
                Images = 20,
                SamplesPerClass = 1,
            },
            lines.Add,
            TestContext.Current.CancellationToken
        );
        Assert.Equal((20, 20, 20), (result.Images, result.Samples, result.Classes.Count));
        Assert.InRange(result.MaskIoUCoarse, 0.62, 1);
        Assert.InRange(result.MaskIoUClean, 0.75, 1);
        Assert.InRange(result.ClassAccuracy, 0.7, 1);
        Assert.InRange(result.DecoderPsnr, 27.5, 60);
        Assert.Equal(2, lines.Count);
    }
}
