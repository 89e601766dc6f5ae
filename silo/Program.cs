using FreeMask.Hosting.Silos;
using FreeMask.Pipeline;

ProcessExit.Leave(
    await SiloProgram.RunAsync(args, (services, configuration) => services.AddFreeMaskPipeline(configuration["FreeMask:Models"]))
);
