using FreeMask.Load.Benchmarks;

await PipelineLoad.RunAsync(args.Length == 0 ? ["1000", "10000"] : args, Console.Out);
