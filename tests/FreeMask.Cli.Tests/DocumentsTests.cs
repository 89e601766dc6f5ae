using FreeMask.Cli.Terminal;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Cli.Verbs;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.RunSpecs;
using Xunit;

namespace FreeMask.Cli.Tests;

/// <summary>Documents name what there is.</summary>
public sealed class DocumentsTests
{
    private static string Read(params string[] path) => File.ReadAllText(Path.Combine([Vision.Tests.Fixtures.RepositoryRoot, .. path]));

    [Fact]
    public void Every_word_that_a_run_file_may_use_stands_in_its_document()
    {
        var document = Read("docs", "run-files.md");
        foreach (var word in RunKeys.All.Where(key => key.Path != "classes").SelectMany(key => key.Words))
            Assert.Contains($"`{word.Word}`", document, StringComparison.Ordinal);
        foreach (var prompt in new GenerationSpec().Prompts) Assert.Contains($"\"{prompt}\"", document, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_verb_stands_in_the_readme()
    {
        var readme = Read("README.md");
        using var process = new TestProcess();
        foreach (var verb in Catalog.Create(new VerbHost(process.Surroundings(), []))) Assert.Matches($@"(freemask |\| ){verb.Name}\b", readme);
    }
}
