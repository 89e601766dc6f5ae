using FreeMask.Cli;
using FreeMask.Cli.Terminal;
using FreeMask.Cli.Verbs;
using FreeMask.Hosting.Silos;

using var interruption = ShutdownSignals.Listen();
ProcessExit.Leave(await CommandLine.RunAsync(args, CliEnvironment.OfProcess(), interruption.Stop));
