using FreeMask.Hosting.Silos;
using FreeMask.Pipeline;
using FreeMask.Tests.Shared;
using Xunit;

namespace FreeMask.Silo.Tests;

/// <summary>References between folders go one way (docs/decisions/0006-projects-of-the-method.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Folders_refer_downwards() => NamespaceDependencies.AssertLayers(
        typeof(EmbeddedSilo).Assembly,
        "FreeMask.Hosting.Configuration", "FreeMask.Hosting.Storage", "FreeMask.Hosting.Artifacts", "FreeMask.Hosting.Devices",
        "FreeMask.Hosting.Operations", "FreeMask.Hosting.Security", "FreeMask.Hosting.Silos");

    [Fact]
    public void No_type_is_meant_for_other_programs()
    {
        PublicTypes.AssertOnly(typeof(EmbeddedSilo).Assembly);
        PublicTypes.AssertOnly(typeof(PipelineServices).Assembly);
    }
}
