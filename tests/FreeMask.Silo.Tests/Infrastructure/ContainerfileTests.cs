using System.Text.RegularExpressions;
using FreeMask.Silo.Tests.Fakes;
using Xunit;

namespace FreeMask.Silo.Tests.Infrastructure;

/// <summary>Rules of <c>infra/containers</c> that need no engine.</summary>
public sealed partial class ContainerfileTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "infra", "containers");
    private static readonly string Text = File.ReadAllText(Path.Combine(Folder, "Containerfile"));

    [Fact]
    public void Base_images_are_variables_that_the_build_script_pins_by_digest()
    {
        var images = File.ReadAllLines(Path.Combine(Folder, "base-images.env")).Where(l => !l.StartsWith('#')).Select(l => l.Split('=', 2))
            .ToDictionary(l => l[0], l => l[1]);
        var stages = From().Matches(Text).Select(m => (Image: m.Groups[1].Value, Name: m.Groups[2].Value)).ToList();
        foreach (var (image, _) in stages)
        {
            if (stages.Any(s => s.Name == image)) continue;
            var variable = Assert.Single(Variable().Matches(image)).Groups[1].Value;
            Assert.True(images.ContainsKey(variable) && images.ContainsKey(variable.Replace("_IMAGE", "_DIGEST", StringComparison.Ordinal)),
                image);
        }

        // An image without a digest is refused, with the command that pins it.
        Assert.All(images.Where(i => i.Key.EndsWith("_DIGEST", StringComparison.Ordinal)), i => Assert.Matches("^(sha256:[0-9a-f]{64})?$",
            i.Value));
    }

    [Theory]
    [InlineData("silo", "silo/FreeMask.Silo.csproj", "FreeMask.Silo.dll")]
    [InlineData("silo-cuda", "silo/FreeMask.Silo.csproj", "FreeMask.Silo.dll")]
    [InlineData("dashboard", "client/FreeMask.Dashboard/FreeMask.Dashboard.csproj", "FreeMask.Dashboard.dll")]
    [InlineData("cli", "client/FreeMask.Cli/FreeMask.Cli.csproj", "freemask.dll")]
    public void Every_target_publishes_a_project_and_runs_its_program_without_rights(string target, string project, string program)
    {
        var stages = Stage().Matches(Text).ToDictionary(m => m.Groups[2].Value, m => (Base: m.Groups[1].Value, Body: m.Groups[3].Value));
        var (based, body) = stages[target];
        var all = stages.TryGetValue(based, out var parent) ? parent.Body + body : body;
        var user = User().Matches(all);
        Assert.NotEqual("0", user[^1].Groups[1].Value);
        Assert.Contains("HEALTHCHECK", body, StringComparison.Ordinal);
        Assert.Contains("org.opencontainers.image.title", body, StringComparison.Ordinal);
        Assert.Contains($"ENTRYPOINT [\"dotnet\", \"/app/{program}\"]", body, StringComparison.Ordinal);
        Assert.Contains(project, stages[$"build-{target}"].Body, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Repository.Root, project)));
        // A health check runs a program of the image: there is no shell in it.
        Assert.All(HealthCheck().Matches(body), m => Assert.Contains($"/app/{program}\", \"--probe\"", m.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_build_script_refuses_what_it_cannot_do()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a shell script");
        var (syntax, _, problem) = await Tools.RunAsync("bash", ["-n", Path.Combine(Folder, "build.sh")]);
        Assert.True(syntax == 0, problem);
        var (exitCode, _, error) = await Tools.RunAsync("env", ["CONTAINER_ENGINE=no-such-engine", "bash", Path.Combine(Folder, "build.sh"),
            "registry.example", "1"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("no-such-engine is not installed", error, StringComparison.Ordinal);
        // "true" stands in for an engine: nothing is built from base images without digests.
        (exitCode, _, error) = await Tools.RunAsync("env", ["CONTAINER_ENGINE=true", "bash", Path.Combine(Folder, "build.sh"),
            "registry.example", "1", "zebra"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("unknown target 'zebra'", error, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^FROM (\S+) AS (\S+)$", RegexOptions.Multiline)]
    private static partial Regex From();

    [GeneratedRegex(@"^\$\{([A-Z_]+)\}$")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^FROM (\S+) AS (\S+)\n((?:(?!FROM ).*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Stage();

    [GeneratedRegex(@"^USER (\d+)$", RegexOptions.Multiline)]
    private static partial Regex User();

    [GeneratedRegex("^HEALTHCHECK .*CMD .*$", RegexOptions.Multiline)]
    private static partial Regex HealthCheck();
}
