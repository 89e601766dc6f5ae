using FreeMask.Silo.Hosting;
using FreeMask.Silo.Pipeline;

return await SiloProgram.RunAsync(args, (services, configuration) => services.AddFreeMaskPipeline(configuration["FreeMask:Models"]));
