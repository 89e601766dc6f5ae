using FreeMask.Tests.Shared;
using Microsoft.AspNetCore.Components;
using Xunit;

namespace FreeMask.Dashboard.Tests;

/// <summary>References between folders go one way (docs/decisions/0006-projects-of-the-method.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Folders_refer_downwards() => NamespaceDependencies.AssertLayers(
        typeof(DashboardApp).Assembly,
        "FreeMask.Dashboard.Editing", "FreeMask.Dashboard.Engines", "FreeMask.Dashboard.Resources", "FreeMask.Dashboard.Security",
        "FreeMask.Dashboard.Reports", "FreeMask.Dashboard.Inspection", "FreeMask.Dashboard.Services", "FreeMask.Dashboard.Api",
        "FreeMask.Dashboard.Components.Parts", "FreeMask.Dashboard.Components.Layout", "FreeMask.Dashboard.Components.Pages",
        "FreeMask.Dashboard.Components", "FreeMask.Dashboard");

    /// <summary>Components are public as they are generated, and with them the types of their parameters.</summary>
    [Fact]
    public void Only_components_and_their_parameters_are_public()
    {
        var components = typeof(DashboardApp).Assembly.GetExportedTypes()
            .Where(type => typeof(IComponent).IsAssignableFrom(type) || type.Name == "_Imports");
        PublicTypes.AssertOnly(
            typeof(DashboardApp).Assembly,
            [
                .. components.Select(component => component.FullName!),
                "FreeMask.Dashboard.Services.ClassRow",
                "FreeMask.Dashboard.Services.EndEstimate",
                "FreeMask.Dashboard.Services.GridLook",
                "FreeMask.Dashboard.Services.LineageImage",
                "FreeMask.Dashboard.Services.ObjectRange",
                "FreeMask.Dashboard.Services.RunView",
                "FreeMask.Dashboard.Services.SampleOrder",
                "FreeMask.Dashboard.Services.SampleStates",
                "FreeMask.Dashboard.Services.SampleView",
                "FreeMask.Dashboard.Services.ScoreBin",
                "FreeMask.Dashboard.Services.SiloView",
                "FreeMask.Dashboard.Services.StageRates",
                "FreeMask.Dashboard.Services.StateTally",
            ]);
    }
}
