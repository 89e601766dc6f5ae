using System.Diagnostics;
using System.Globalization;
using System.Text;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Randomness;
using Xunit;

namespace FreeMask.Cli.Tests.RunFiles;

/// <summary>Damaged run files: each is either valid or refused as bad input.</summary>
public sealed class RunFileFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const string SeedVariable = "FREEMASK_FUZZ_SEED";
    private const int Files = 600;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly string[] Pieces =
    [
        "null",
        "~",
        "\0",
        "\uFFFF",
        "&a ",
        "*a",
        "<<: *a",
        "!!int ",
        "!!binary ",
        "!x ",
        "[",
        "]",
        "{",
        "}",
        "- ",
        ": ",
        "? ",
        "| ",
        ">\n",
        "#",
        "'",
        "\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\t",
        "\r",
        "\n\n",
        "---\n",
        "...\n",
        "%YAML 9.9\n",
        "@",
        "`",
        "1e999",
        "-1",
        "0",
        ".nan",
        ".inf",
        "NaN",
        "Infinity",
        "99999999999999999999",
        "0x10",
        "1_000",
        "1,5",
        "true",
        "yes",
        "{class}",
        "{background}",
        "{",
        "{}",
        "[[[[",
        "../../..",
        "/dev/zero",
        "/",
        "\\",
        "C:\\",
        "héé",
        "日本",
        "\U0001F600",
        "a: &b [*b]",
        "? [a, b]\n: c\n",
        "all",
        "background",
        "cat",
        "folder",
        "none",
        "heldout",
    ];

    private readonly TestProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public async Task Every_damaged_run_file_is_valid_or_bad_input()
    {
        var seed = ulong.Parse(Environment.GetEnvironmentVariable(SeedVariable) ?? "1", CultureInfo.InvariantCulture);
        _process.WriteBundle();
        var originals = Directory
            .EnumerateFiles(Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "examples"), "*.yaml")
            .Order(StringComparer.Ordinal)
            .Where(IsComplete)
            .Select(File.ReadAllBytes)
            .Append(Encoding.UTF8.GetBytes(RunFile.Write(new RunSpec { Name = "every key", Classes = ["cat", "dog"] })))
            .Append("classes: [cat]\n"u8.ToArray())
            .ToList();
        var valid = 0;
        var since = Stopwatch.GetTimestamp();
        for (var i = 0; i < Files; i++)
        {
            var random = new CounterRandom(seed, i, 0, "fuzz");
            var file = _process.Folder.Path($"{i}.yaml");
            await File.WriteAllBytesAsync(
                file,
                Damage(originals[i % originals.Count], originals[random.NextInt(originals.Count)], random),
                TestContext.Current.CancellationToken
            );
            _process.Clear();

            var code = await _process.RunAsync(["run", file, "--check", "--json"]);

            Assert.True(
                code is 0 or 2,
                $"{SeedVariable}={seed}, file {i}: exit code {code}: "
                    + $"{_process.Error}\n{await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)}"
            );
            Assert.Equal(code == 2, System.Text.Json.JsonDocument.Parse(_process.Out).RootElement.TryGetProperty("error", out _));
            valid += code == 0 ? 1 : 0;
            File.Delete(file);
            Assert.True(Stopwatch.GetElapsedTime(since) < Limit, $"{i} files took {Stopwatch.GetElapsedTime(since)}.");
        }

        output.WriteLine($"{valid} of {Files} were valid");
        Assert.InRange(valid, 1, Files - 1);
        Assert.False(Directory.Exists(_process.Folder.Path("data")), "A check made a data folder.");
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    [InlineData("- ", "")]
    public void Nesting_without_end_is_refused_and_not_followed(string open, string close)
    {
        var text =
            $"classes: [cat]\nx: {string.Concat(Enumerable.Repeat(open, 100_000))}0{string.Concat(Enumerable.Repeat(close, 100_000))}\n";
        Assert.NotEmpty(Assert.Throws<RunFileException>(() => RunFile.Parse(text, "a.yaml", null!)).Problems);
    }

    /// <summary>Whether a file needs no more than the bundle that ships; the others are bad input without any damage.</summary>
    private static bool IsComplete(string file) =>
        !File.ReadAllText(file).Contains("stable-diffusion", StringComparison.Ordinal)
        && !File.ReadAllText(file).Contains("kind: folder", StringComparison.Ordinal);

    private static byte[] Damage(byte[] original, byte[] other, CounterRandom random)
    {
        var bytes = original.ToList();
        for (var times = 1 + random.NextInt(2); times > 0; times--)
        {
            var at = random.NextInt(bytes.Count + 1);
            var length = Math.Min(bytes.Count - at, 1 + random.NextInt(12));
            switch (random.NextInt(8))
            {
                case 0:
                    bytes.RemoveRange(at, length);
                    break;
                case 1:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 2:
                    for (var i = at; i < at + length; i++) bytes[i] = (byte)random.NextInt(256);
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    var from = random.NextInt(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 40)).ToArray());
                    break;
                case 5:
                    ReplaceValue(bytes, at, random);
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.NextInt(Pieces.Length)]));
                    break;
            }
        }

        return [.. bytes];
    }

    /// <summary>Another value for the key of a line: most damage of this kind is still YAML.</summary>
    private static void ReplaceValue(List<byte> bytes, int at, CounterRandom random)
    {
        var colon = bytes.IndexOf((byte)':', Math.Min(at, bytes.Count));
        if (colon < 0) return;
        var end = bytes.FindIndex(colon, b => b is (byte)'\n' or (byte)',' or (byte)'}');
        if (end < 0) end = bytes.Count;
        bytes.RemoveRange(colon + 1, end - colon - 1);
        bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(" " + Pieces[random.NextInt(Pieces.Length)]));
    }
}
