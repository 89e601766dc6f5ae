using FreeMask.Tests.Shared;
using FreeMask.Training.Mask2Former;
using Xunit;

namespace FreeMask.Training.Tests;

/// <summary>References between folders go one way (docs/decisions/0006-projects-of-the-method.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Folders_refer_downwards() => NamespaceDependencies.AssertLayers(
        typeof(SegmenterTrainer).Assembly,
        "FreeMask.Training.Torch", "FreeMask.Training.Affinity", "FreeMask.Training.Mask2Former",
        "FreeMask.Training.Mask2Former.Conformance", "FreeMask.Training.Harmonization",
        "FreeMask.Training.Mini.Art",
        "FreeMask.Training.Mini.Scenes",
        "FreeMask.Training.Placement",
        "FreeMask.Training.Mini.Text", "FreeMask.Training.Mini.Networks", "FreeMask.Training.Mini.Stages",
        "FreeMask.Training.Mini.Evaluation", "FreeMask.Training.Mini.Export", "FreeMask.Training.Mini");

    [Fact]
    public void No_type_is_meant_for_other_programs() => PublicTypes.AssertOnly(typeof(SegmenterTrainer).Assembly);
}
