using System.CommandLine;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask schema</c>: prints the JSON Schema of run files.</summary>
internal static class SchemaVerb
{
    internal static Command Create(VerbHost host) =>
        host.Handle(
            new Command("schema", "Print the JSON Schema of run files, with which editors complete and check them."),
            (_, _, _) =>
                Task.FromResult(
                    new VerbResult(
                        new { schema = RunFileJsonSchema.Create() },
                        console => console.Profile.Out.Writer.Write(RunFileJsonSchema.Text)
                    )
                )
        );
}
