using System.Diagnostics;
using Xunit;

namespace FreeMask.Cli.Tests.Installing;

/// <summary>Runs commands in a folder, as a user who builds or installs FreeMask does.</summary>
internal sealed class DotnetCommand(string folder)
{
    /// <summary>The configuration of this build.</summary>
    public static string Configuration =>
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            ? "Debug"
            : "Release";

    /// <summary>Variables of the environment, added to this process's own.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Runs <c>dotnet</c>, which must succeed; gives its output.</summary>
    public async Task<string> DotnetAsync(params string[] arguments)
    {
        var (exitCode, said, error) = await RunAsync("dotnet", arguments);
        Assert.True(exitCode == 0, said + error);
        return said;
    }

    /// <summary>Runs a program to its end.</summary>
    public async Task<(int ExitCode, string Out, string Error)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        // What the run of the tests sets would lead a build astray.
        foreach (var name in start.Environment.Keys.Where(n => n.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        var token = TestContext.Current.CancellationToken;
        var (said, error) = (process.StandardOutput.ReadToEndAsync(token), process.StandardError.ReadToEndAsync(token));
        try
        {
            await process.WaitForExitAsync(token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await said, await error);
    }
}
