using FreeMask.Benchmarks;

// Too slow, or too many cases, for BenchmarkDotNet's repetitions.
if (args is ["unet", .. var rest]) return RealWidthLoad.Run(rest, Console.Out);
if (args is ["device", .. var device]) return DeviceLoad.Run(device, Console.Out);
BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
