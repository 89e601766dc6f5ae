using FreeMask.Training.Mini.Evaluation;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Tests;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class RefinementExperimentTests
{
    [Fact]
    public void Each_refinement_of_the_shipped_bundle_is_better_than_the_map_before_it()
    {
        var folder = Path.Combine(Fixtures.RepositoryRoot, "models", "mini");
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "unet", "model.onnx")), $"there is no bundle in {folder}");
        var model = AffinityModel.Load(Path.Combine(folder, "affinity"));
        var results = RefinementExperiment
            .Run(folder, model, images: 20, seed: 1, _ => { }, TestContext.Current.CancellationToken)
            .ToDictionary(r => r.Method);
        Assert.True(results["self-attention"].IoU > results["coarse"].IoU + 0.05);
        Assert.True(results["affinity"].IoU > results["self-attention"].IoU + 0.01);
        Assert.True(results["pamr"].IoU > results["affinity"].IoU);
        Assert.True(results["affinity, own"].IoU > results["affinity"].IoU);
        Assert.All(results.Values, r => Assert.Equal(20, r.Classes.Count));
    }
}
