using FreeMask.Grains.Domain;
using FreeMask.Tests.Shared;
using Xunit;

namespace FreeMask.Grains.Tests;

/// <summary>References between folders go one way (docs/decisions/0006-projects-of-the-method.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Folders_refer_downwards() => NamespaceDependencies.AssertLayers(
        typeof(SampleTransitions).Assembly,
        "FreeMask.Grains", "FreeMask.Grains.Artifacts", "FreeMask.Grains.Domain", "FreeMask.Grains.RunSpecs",
        "FreeMask.Grains.Samples", "FreeMask.Grains.Stages", "FreeMask.Grains.Devices", "FreeMask.Grains.Training",
        "FreeMask.Grains.Rounds", "FreeMask.Grains.Runs", "FreeMask.Grains.Roles");

    [Fact]
    public void No_type_is_meant_for_other_programs() => PublicTypes.AssertOnly(typeof(SampleTransitions).Assembly);
}
