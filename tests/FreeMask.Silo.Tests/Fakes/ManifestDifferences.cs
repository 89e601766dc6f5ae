using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using Xunit;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>What distinguishes the manifests of two runs, for messages of failed tests.</summary>
internal static class ManifestDifferences
{
    /// <summary>Fails with the lines that differ where two runs did not make the same data set.</summary>
    public static async Task AssertEqualAsync(IArtifactStore artifacts, RunStatus straight, RunStatus status)
    {
        if (straight.ManifestHash != status.ManifestHash) Assert.Fail(await DescribeAsync(artifacts, straight, status));
    }

    /// <summary>The lines of two manifests that differ, and what failed.</summary>
    public static async Task<string> DescribeAsync(IArtifactStore artifacts, RunStatus straight, RunStatus status)
    {
        var (expected, found) = (await LinesAsync(artifacts, straight), await LinesAsync(artifacts, status));
        var lines = expected.Zip(found).Where(l => l.First != l.Second).Select(l => $"{l.First}\nbecame {l.Second}");
        var failures = status.Rounds.SelectMany(r => r.Failures).Select(f => $"{f.Count} x {f.Reason}");
        return $"{expected.Length} lines became {found.Length}\n{string.Join('\n', lines)}\n{string.Join('\n', failures)}";
    }

    private static async Task<string[]> LinesAsync(IArtifactStore artifacts, RunStatus run)
    {
        var text = new StringBuilder();
        foreach (var part in run.ManifestParts)
            text.Append(Encoding.UTF8.GetString((await artifacts.GetAsync(part, TestContext.Current.CancellationToken)).Span));
        return text.ToString().Split('\n');
    }
}
