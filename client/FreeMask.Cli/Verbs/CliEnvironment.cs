using System.ComponentModel;
using System.Diagnostics;
using FreeMask.Cli.Checks;
using FreeMask.Cli.Runs;
using FreeMask.Cli.Terminal;
using FreeMask.Pipeline;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary>The environment of the process: streams, environment variables and clock. Tests replace it.</summary>
internal sealed class CliEnvironment
{
    internal required TextWriter Out { get; init; }

    internal required TextWriter Error { get; init; }

    internal required Func<string, string?> Environment { get; init; }

    internal required TimeProvider Time { get; init; }

    /// <summary>Opens the engine of a data folder.</summary>
    internal required EngineOpener OpenEngine { get; init; }

    /// <summary>The checks of a run before it starts.</summary>
    internal IReadOnlyList<IRunCheck> Checks { get; init; } = RunChecks.All;

    /// <summary>The bytes of memory of a device; null where it cannot be told.</summary>
    internal Func<string, long?> MemoryOf { get; init; } = DeviceMemory.Of;

    /// <summary>A Spectre console on one of the two streams.</summary>
    internal required Func<TextWriter, IAnsiConsole> Console { get; init; }

    /// <summary>Opens a document with the default program of the system; false if there is none.</summary>
    internal required Func<string, bool> OpenDocument { get; init; }

    /// <summary>
    /// The real environment. Console output of libraries is redirected to standard error: standard output is for the result.
    /// </summary>
    internal static CliEnvironment OfProcess()
    {
        var output = new GuardedWriter(() => System.Console.Out);
        var error = new GuardedWriter(() => System.Console.Error);
        System.Console.SetOut(error);
        return new()
        {
            Out = output,
            Error = error,
            Environment = System.Environment.GetEnvironmentVariable,
            Time = TimeProvider.System,
            OpenEngine = SiloEngine.With((services, bundles) => services.AddFreeMaskPipeline(bundles.ModelsFolder)),
            OpenDocument = Open,
            Console = writer =>
                Open(writer, ReferenceEquals(writer, output) ? System.Console.IsOutputRedirected : System.Console.IsErrorRedirected),
        };
    }

    private static bool Open(string path)
    {
        try
        {
            using var viewer = Process.Start(new ProcessStartInfo(path) { UseShellExecute = true });
            return true;
        }
        catch (Exception e) when (e is Win32Exception or PlatformNotSupportedException or FileNotFoundException)
        {
            return false;
        }
    }

    private static IAnsiConsole Open(TextWriter writer, bool redirected) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new StreamOutput(writer, redirected),
        Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
    });

    /// <summary>A stream of the process: tables are as wide as the terminal, or 120 columns in a file.</summary>
    private sealed class StreamOutput(TextWriter writer, bool redirected) : IAnsiConsoleOutput
    {
        private readonly AnsiConsoleOutput _inner = new(writer);

        public TextWriter Writer => writer;

        public bool IsTerminal => !redirected;

        public int Width => redirected ? 120 : _inner.Width;

        public int Height => redirected ? 50 : _inner.Height;

        public void SetEncoding(System.Text.Encoding encoding) => _inner.SetEncoding(encoding);
    }
}
