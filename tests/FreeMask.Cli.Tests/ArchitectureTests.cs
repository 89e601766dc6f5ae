using FreeMask.Tests.Shared;
using Xunit;

namespace FreeMask.Cli.Tests;

/// <summary>References between folders go one way (docs/decisions/0006-projects-of-the-method.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Folders_refer_downwards()
    {
        var dependencies = new NamespaceDependencies(typeof(CommandLine).Assembly, name => name.StartsWith("FreeMask", StringComparison.Ordinal));
        Assert.Empty(dependencies.Cycles());
        Assert.Empty(dependencies.UpwardReferences(
            "FreeMask.Cli.RunFiles", "FreeMask.Cli.Terminal", "FreeMask.Cli.Hub", "FreeMask.Cli.Completion", "FreeMask.Cli.Bundles",
            "FreeMask.Cli.Health", "FreeMask.Cli.Progress", "FreeMask.Cli.Runs", "FreeMask.Cli.Reports", "FreeMask.Cli.Sessions",
            "FreeMask.Cli.Verbs", "FreeMask.Cli"));
    }
}
