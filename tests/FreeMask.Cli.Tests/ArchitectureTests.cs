using FreeMask.Tests.Shared;
using Xunit;

namespace FreeMask.Cli.Tests;

/// <summary>References between folders go one way (docs/decisions/0006-projects-of-the-method.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Folders_refer_downwards() => NamespaceDependencies.AssertLayers(
        typeof(CommandLine).Assembly,
        "FreeMask.Cli.RunFiles", "FreeMask.Cli.Terminal", "FreeMask.Cli.Hub", "FreeMask.Cli.Completion",
        "FreeMask.Cli.Bundles", "FreeMask.Cli.Health", "FreeMask.Cli.Progress", "FreeMask.Cli.Runs", "FreeMask.Cli.Checks",
        "FreeMask.Cli.Reports", "FreeMask.Cli.Sessions", "FreeMask.Cli.Dashboards", "FreeMask.Cli.Experiments", "FreeMask.Cli.Verbs",
        "FreeMask.Cli");

    [Fact]
    public void No_type_is_meant_for_other_programs()
    {
        PublicTypes.AssertOnly(typeof(CommandLine).Assembly);
        PublicTypes.AssertOnly(typeof(RunDocument).Assembly);
    }
}
