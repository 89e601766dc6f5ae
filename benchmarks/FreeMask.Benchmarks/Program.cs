using FreeMask.Benchmarks;

// The model of real width is too slow for BenchmarkDotNet's repetitions.
if (args is ["unet", .. var rest]) return RealWidthLoad.Run(rest, Console.Out);
BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
