using FreeMask.Tests.Shared;
using Xunit;

namespace FreeMask.Dashboard.Tests;

/// <summary>References between folders go one way (docs/decisions/0006-projects-of-the-method.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Folders_refer_downwards() => NamespaceDependencies.AssertLayers(
        typeof(DashboardApp).Assembly,
        "FreeMask.Dashboard.Engines", "FreeMask.Dashboard.Resources", "FreeMask.Dashboard.Security",
        "FreeMask.Dashboard.Reports", "FreeMask.Dashboard.Services", "FreeMask.Dashboard.Api",
        "FreeMask.Dashboard.Components.Parts", "FreeMask.Dashboard.Components.Layout", "FreeMask.Dashboard.Components.Pages",
        "FreeMask.Dashboard.Components", "FreeMask.Dashboard");
}
