using System.CommandLine;
using System.CommandLine.Invocation;
using FreeMask.Cli.Terminal;
using FreeMask.Cli.Verbs;

namespace FreeMask.Cli;

/// <summary>Parses arguments, runs a verb, and maps the result to an exit code.</summary>
internal static class CommandLine
{
    internal static async Task<int> RunAsync(string[] args, CliEnvironment environment, CancellationToken stop)
    {
        var code = ExitCodes.Failed;
        try
        {
            code = await InvokeAsync(args, environment, stop);
        }
        catch (Exception exception)
        {
            // Verbs handle their own errors; this handles errors before and after them.
            environment.Error.WriteLine(
                FileAccessError.Of(exception)?.Message ?? $"The command line could not be read: {exception.Message}"
            );
        }

        if (environment.Out is not GuardedWriter { Failure: { } failure }) return code;
        environment.Error.WriteLine($"The result could not be written to standard output: {failure.Message}");
        return code == ExitCodes.Ok ? ExitCodes.Failed : code;
    }

    private static async Task<int> InvokeAsync(string[] args, CliEnvironment environment, CancellationToken stop)
    {
        var host = new VerbHost(environment, args);
        var root = new RootCommand("Semantic-segmentation data sets without annotation, and the segmenter trained on them.")
        {
            host.Json,
            host.Data,
            host.Cluster,
            host.Quiet,
            host.Verbose,
        };
        foreach (var verb in Catalog.Create(host)) root.Add(verb);

        var configuration = new InvocationConfiguration
        {
            Output = environment.Out,
            Error = environment.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        root.Add(HelpVerb.Create(host, root, configuration));
        if (args.Length == 0)
        {
            await root.Parse(["--help"]).InvokeAsync(configuration, stop);
            return ExitCodes.BadInput;
        }

        var parsed = root.Parse(args);
        if ((parsed.Errors.Count > 0 && parsed.Action is null or ParseErrorAction) || Misspellings.Find(parsed).Count > 0)
            return host.Reject(Misspellings.Problems(parsed), Path(parsed.CommandResult.Command));
        return await parsed.InvokeAsync(configuration, stop);
    }

    private static string Path(Command command) =>
        command is RootCommand
            ? "freemask"
            : $"{command.Parents.OfType<Command>().Select(Path).FirstOrDefault() ?? "freemask"} {command.Name}";
}
