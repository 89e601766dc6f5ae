using FreeMask.Silo.Hosting;
using FreeMask.Silo.Pipeline;

ProcessExit.Leave(await SiloProgram.RunAsync(args, (services, configuration) => services.AddFreeMaskPipeline(configuration["FreeMask:Models"])));
