using System.CommandLine;
using System.CommandLine.Parsing;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Checks;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.GrainInterfaces;
using FreeMask.Hosting.Silos;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary>
/// Executes verbs: creates their context, writes their result, and maps every way to end to an exit code and, with <c>--json</c>, to
/// exactly one document.
/// </summary>
internal sealed class VerbHost(CliEnvironment environment, IReadOnlyList<string> args)
{
    private const string ClusterVariable = "FREEMASK_CLUSTER";

    internal Option<bool> Json { get; } =
        new("--json")
        {
            Description = "Write exactly one JSON document to standard output, everything else to standard error.",
            Recursive = true,
        };

    internal Option<string?> Data { get; } =
        new("--data")
        {
            Description =
                $"The folder that holds runs. Default: ${DataFolder.EnvironmentVariable}, or {DataFolder.DefaultName} in the current "
                    + "directory.",
            HelpName = "DIR",
            Recursive = true,
        };

    internal Option<string?> Cluster { get; } =
        new("--cluster")
        {
            Description =
                $"The configuration file of a cluster, whose silos do the work. Default: ${ClusterVariable}, or the data folder alone.",
            HelpName = "FILE",
            Recursive = true,
        };

    internal Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Write results and errors only.", Recursive = true };

    internal Option<bool> Verbose { get; } =
        new("--verbose", "-v")
        {
            Description = "Also write what is logged to standard error, and more of it to the log of the run.",
            Recursive = true,
        };

    /// <summary>For verbs that compute in this process.</summary>
    internal Option<string[]> Device { get; } =
        new("--device")
        {
            Description =
                "The device that models run on in this process: cpu, cuda:0, tensorrt:0, directml:0 or coreml; once for each. Default: "
                    + "cpu.",
            HelpName = "DEVICE",
        };

    /// <summary>For verbs that train in this process.</summary>
    internal Option<string?> TrainingDevice { get; } =
        new("--training-device")
        {
            Description = "The device that segmenters are trained on in this process: cpu, cuda or cuda:1. Default: cpu.",
            HelpName = "DEVICE",
        };

    /// <summary>The model bundles that this process finds.</summary>
    internal BundleCatalog Bundles { get; } = BundleCatalog.Locate(environment.Environment);

    /// <summary>The checks of a run before it starts.</summary>
    internal IReadOnlyList<IRunCheck> Checks => environment.Checks;

    /// <summary>The bytes of memory of a device; null where it cannot be told.</summary>
    internal Func<string, long?> MemoryOf => environment.MemoryOf;

    /// <summary>An environment variable; null if it is not set.</summary>
    internal string? Variable(string name) => environment.Environment(name) is { Length: > 0 } value ? value : null;

    /// <summary>Opens a document with the default program of the system; false if there is none.</summary>
    internal bool OpenDocument(string path) => environment.OpenDocument(path);

    /// <summary>Opens the engine of the context's cluster or data folder for work.</summary>
    internal Task<IEngine> OpenEngineAsync(CommandContext context, CancellationToken stop) =>
        environment.OpenEngine(
            AddressOf(context, readOnly: false),
            Bundles,
            stop
        );

    /// <summary>Opens the engine of the context's cluster or data folder for reading: it does not lock the folder.</summary>
    internal Task<IEngine> ReadEngineAsync(CommandContext context, CancellationToken stop) =>
        environment.OpenEngine(
            AddressOf(context, readOnly: true),
            Bundles,
            stop
        );

    private static EngineAddress AddressOf(CommandContext context, bool readOnly) =>
        new(context.Data, context.Cluster, context.Devices, context.Log, readOnly, context.WriteMessage)
        {
            TrainingDevice = context.TrainingDevice,
        };

    /// <summary>Makes a verb do its work.</summary>
    internal Command Handle(Command command, Func<ParseResult, CommandContext, CancellationToken, Task<VerbResult>> verb)
    {
        command.SetAction((parsed, stop) => ExecuteAsync(parsed, verb, stop));
        return command;
    }

    private async Task<int> ExecuteAsync(
        ParseResult parsed,
        Func<ParseResult, CommandContext, CancellationToken, Task<VerbResult>> verb,
        CancellationToken stop
    )
    {
        if (parsed.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(IsEmpty) is { } option)
            return Reject([$"{option.Option.Name} is empty; give it a value, or leave it out."], parsed.CommandResult.Command.Name);
        if (parsed.CommandResult.Children.OfType<ArgumentResult>().FirstOrDefault(IsEmpty) is { } argument)
            return Reject(
                [$"{argument.Argument.HelpName ?? argument.Argument.Name} is empty; give it a value."],
                parsed.CommandResult.Command.Name
            );
        if (!NamedPath.HasCurrentFolder)
            return Reject(["The current folder no longer exists. Change to another folder ('cd') and give the command again."], "freemask");
        var context = new CommandContext
        {
            Out = environment.Console(environment.Out),
            Error = environment.Console(environment.Error),
            Json = parsed.GetValue(Json),
            Data = DataFolder.Resolve(parsed.GetValue(Data), environment.Environment),
            Cluster = parsed.GetValue(Cluster) ?? Variable(ClusterVariable),
            Devices = parsed.GetValue(Device) ?? [],
            TrainingDevice = parsed.GetValue(TrainingDevice),
            Quiet = parsed.GetValue(Quiet),
            Log = parsed.GetValue(Verbose) ? environment.Error : null,
            Time = environment.Time,
        };
        VerbResult outcome;
        try
        {
            outcome = await verb(parsed, context, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            outcome = Failure(context, "Stopped.", ExitCodes.Interrupted);
        }
        catch (RunFileException invalid)
        {
            outcome = Failure(
                context,
                invalid.Message,
                ExitCodes.BadInput,
                invalid.Problems.Select(problem => new
                {
                    problem.Line,
                    problem.Column,
                    problem.Message,
                })
            );
        }
        catch (RunRejectedException rejected)
        {
            outcome = Failure(
                context,
                rejected.Message,
                ExitCodes.BadInput,
                rejected.Problems.Select(problem => new { problem.Path, problem.Message })
            );
        }
        catch (ClusterUnavailableException unavailable)
        {
            outcome = Failure(context, unavailable.Message, ExitCodes.Failed);
        }
        catch (Exception exception) when (ErrorLog.UserError(exception) is { } user)
        {
            outcome = Failure(context, user.Message, ExitCodes.BadInput);
        }
        catch (Exception exception) when (FileAccessError.Of(exception) is { } fault)
        {
            if (fault.ExitCode == ExitCodes.Failed) ErrorLog.Write(context.Data, args, exception, environment.Time.GetUtcNow());
            outcome = Failure(context, fault.Message, fault.ExitCode);
        }
        catch (Exception exception)
        {
            var log = ErrorLog.Write(context.Data, args, exception, environment.Time.GetUtcNow());
            var where = log is null ? "" : $" Details are in {log}.";
            outcome = Failure(
                context,
                $"Something went wrong that FreeMask did not expect: {FirstLine(exception.Message)}{where}",
                ExitCodes.Failed
            );
        }

        Write(context, outcome);
        return outcome.ExitCode;
    }

    /// <summary>Reports errors of the arguments.</summary>
    internal int Reject(IReadOnlyList<string> problems, string verb)
    {
        foreach (var problem in problems) environment.Error.WriteLine(problem);
        environment.Error.WriteLine($"'{verb} --help' shows what it takes.");
        if (args.Contains("--json")) environment.Out.WriteLine(JsonDocuments.Write(new { error = string.Join('\n', problems) }));
        return ExitCodes.BadInput;
    }

    private static bool IsEmpty(SymbolResult result) => result.Tokens.Any(token => token.Value.Length == 0);

    private void Write(CommandContext context, VerbResult outcome)
    {
        if (context.Json) environment.Out.WriteLine(JsonDocuments.Write(outcome.Document));
        else outcome.Show(context.Out);
    }

    private VerbResult Failure(CommandContext context, string message, int exitCode, IEnumerable<object>? problems = null)
    {
        foreach (var line in message.Split('\n')) environment.Error.WriteLine(line);
        object document = problems is null ? new { error = message } : new { error = message, problems };
        return new(document, _ => { }, exitCode);
    }

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd();
}
