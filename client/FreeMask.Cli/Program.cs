using FreeMask.Cli;
using FreeMask.Cli.Terminal;

using var interruption = Interruption.Listen();
return await CommandLine.RunAsync(args, Surroundings.OfProcess(), interruption.Stop);
