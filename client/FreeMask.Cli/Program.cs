using FreeMask.Cli;

return await CommandLine.RunAsync(args);
