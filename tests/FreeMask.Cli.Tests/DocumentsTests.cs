using FreeMask.Cli.Tests.Terminal;
using FreeMask.Cli.Verbs;
using Xunit;

namespace FreeMask.Cli.Tests;

/// <summary>Documents name what there is.</summary>
public sealed class DocumentsTests
{
    private static string Read(params string[] path) => File.ReadAllText(Path.Combine([Vision.Tests.Fixtures.RepositoryRoot, .. path]));

    [Fact]
    public void Every_verb_stands_in_the_readme()
    {
        var readme = Read("README.md");
        using var process = new TestProcess();
        foreach (var verb in Catalog.Create(new VerbHost(process.Surroundings(), []))) Assert.Matches($@"(freemask |\| ){verb.Name}\b", readme);
    }
}
