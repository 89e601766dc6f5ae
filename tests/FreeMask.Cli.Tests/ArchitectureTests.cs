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
        foreach (var c in dependencies.Cycles()) Console.Error.WriteLine(c);
        Assert.Empty(dependencies.Cycles());
        Assert.Empty(dependencies.UpwardReferences(
            "FreeMask.Cli.Terminal",
            "FreeMask.Cli.RunFiles",
            "FreeMask.Cli"));
    }
}
