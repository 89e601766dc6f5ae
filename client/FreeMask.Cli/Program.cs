using FreeMask.Cli;
using FreeMask.Cli.Terminal;
using FreeMask.Silo.Hosting;

using var interruption = Interruption.Listen();
ProcessExit.Leave(await CommandLine.RunAsync(args, CliEnvironment.OfProcess(), interruption.Stop));
