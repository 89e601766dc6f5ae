using FreeMask.Cli;
using FreeMask.Cli.Terminal;
using FreeMask.Silo.Hosting;

using var interruption = Interruption.Listen();
ProcessEnd.Leave(await CommandLine.RunAsync(args, Surroundings.OfProcess(), interruption.Stop));
