using FreeMask.Cli.Bundles;
using FreeMask.Cli.Checks;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Cli.Tests.Runs;
using FreeMask.Cli.Verbs;
using Spectre.Console;

namespace FreeMask.Cli.Tests.Terminal;

/// <summary>The command line with streams, environment and data folder of a test's own.</summary>
internal sealed class TestProcess : IDisposable
{
    private readonly StringWriter _out = new();
    private readonly ErrorWriter _error = new();

    internal TemporaryFolder Folder { get; } = new();

    /// <summary>
    /// Writes a bundle named mini without models. It has a segmenter: one without would start from ImageNet's weights, which are fetched on
    /// request only.
    /// </summary>
    internal void WriteBundle()
    {
        Directory.CreateDirectory(Folder.Path("models", "mini", "segmenter"));
        File.WriteAllText(Folder.Path("models", "mini", "model_index.json"), "{}");
        File.WriteAllText(Folder.Path("models", "mini", "segmenter", "model.safetensors"), "");
    }

    internal string Out => _out.ToString();

    internal string Error => _error.ToString();

    internal Task<int> RunAsync(string arguments) => RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    internal IEngine Engine { get; set; } = new FakeEngine();

    /// <summary>Opens another engine in place of <see cref="Engine"/>.</summary>
    internal EngineOpener? OpenEngine { get; init; }

    /// <summary>Takes the place of the text that <see cref="Out"/> gives.</summary>
    internal TextWriter? OutWriter { get; init; }

    /// <summary>The opened documents.</summary>
    internal List<string> Opened { get; } = [];

    /// <summary>Whether there is a program that opens documents.</summary>
    internal bool CanOpen { get; init; } = true;

    /// <summary>Other environment variables than those that name the folders.</summary>
    internal Dictionary<string, string> Variables { get; } = [];

    /// <summary>Called for every line to standard error.</summary>
    internal Action<string>? OnError { set => _error.LineReceived = value; }

    /// <summary>Discards the output so far.</summary>
    internal void Clear()
    {
        _out.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
    }

    /// <summary>Runs the command line. Every document that it writes must be what <c>docs/output.schema.json</c> says of the
    /// verb.</summary>
    internal async Task<int> RunAsync(string[] arguments, CancellationToken? stop = null)
    {
        var before = Out.Length;
        var code = await CommandLine.RunAsync(arguments, CreateEnvironment(), stop ?? Xunit.TestContext.Current.CancellationToken);
        if (OutWriter is null && arguments.Contains("--json")) OutputSchema.Check(arguments, Out[before..]);
        return code;
    }

    /// <summary>The checks of a run before it starts; none, because the bundles of most tests are empty folders.</summary>
    internal IReadOnlyList<IRunCheck> Checks { get; init; } = [];

    /// <summary>The memory of devices.</summary>
    internal Func<string, long?> MemoryOf { get; set; } = _ => null;

    internal CliEnvironment CreateEnvironment() =>
        new()
        {
            Checks = Checks,
            MemoryOf = MemoryOf,
            Out = OutWriter ?? _out,
            Error = _error,
            Environment = name =>
                Variables.GetValueOrDefault(name)
                ?? name switch
                {
                    DataFolder.EnvironmentVariable => Folder.Path("data"),
                    BundleCatalog.EnvironmentVariable => Folder.Path("models"),
                    _ => null,
                },
            OpenEngine = OpenEngine ?? ((_, _, _) => Task.FromResult(Engine)),
            Time = TimeProvider.System,
            OpenDocument = path =>
            {
                Opened.Add(path);
                return CanOpen;
            },
            Console = writer =>
                AnsiConsole.Create(
                    new AnsiConsoleSettings
                    {
                        Out = new AnsiConsoleOutput(writer),
                        Ansi = AnsiSupport.No,
                        Interactive = InteractionSupport.No,
                    }
                ),
        };

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
        Folder.Dispose();
    }

    private sealed class ErrorWriter : StringWriter
    {
        internal Action<string>? LineReceived { get; set; }

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            LineReceived?.Invoke(value ?? "");
        }
    }
}
