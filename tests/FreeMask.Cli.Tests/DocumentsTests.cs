using System.Text.RegularExpressions;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Cli.Verbs;
using Xunit;

namespace FreeMask.Cli.Tests;

/// <summary>Documents name existing verbs and files.</summary>
public sealed partial class DocumentsTests
{
    private static string Read(params string[] path) => File.ReadAllText(Path.Combine([Vision.Tests.Fixtures.RepositoryRoot, .. path]));

    [Fact]
    public void Every_verb_stands_in_the_readme()
    {
        var readme = Read("README.md");
        using var process = new TestProcess();
        foreach (var verb in Catalog.Create(new VerbHost(process.CreateEnvironment(), [])))
            Assert.Matches($@"(freemask |\| ){verb.Name}\b", readme);
    }
    [Fact]
    public void Every_repository_path_in_the_documents_exists()
    {
        var root = Vision.Tests.Fixtures.RepositoryRoot;
        var folders = Directory.GetDirectories(root).Select(Path.GetFileName).Where(name => !name!.StartsWith('.')).ToHashSet();
        var sources = folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder!), "*.cs", SearchOption.AllDirectories))
            .Select(Path.GetFileName)
            .ToHashSet();
        var documents = Directory
            .GetFiles(root, "*.md")
            .Concat(Directory.GetFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories))
            .Where(document => Path.GetFileName(document) != "CHANGELOG.md");
        var missing = from document in documents
                      from Match match in CodeSpan().Matches(File.ReadAllText(document))
                      let path = match.Groups[1].Value
                      // What a build makes is absent from a clone.
                      where !path.Contains("/bin/", StringComparison.Ordinal)
                      where path.Contains('/', StringComparison.Ordinal) && folders.Contains(path.Split('/')[0])
                          ? !Path.Exists(Path.Combine(root, path))
                          : path.EndsWith(".cs", StringComparison.Ordinal) && !sources.Contains(Path.GetFileName(path))
                      select $"{Path.GetRelativePath(root, document)}: {path}";
        Assert.Empty(missing);
    }

    /// <summary>A path in backticks: no spaces, placeholders or wildcards.</summary>
    [GeneratedRegex("`([A-Za-z0-9_./-]+)`")]
    private static partial Regex CodeSpan();
}
