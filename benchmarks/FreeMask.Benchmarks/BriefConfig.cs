using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace FreeMask.Benchmarks;

/// <summary>
/// For operations of a good part of a second: eight single calls after two to warm up, in this process (a child process would have to find
/// the tensor library once more).
/// </summary>
internal sealed class BriefConfig : ManualConfig
{
    public BriefConfig() => AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
        .WithLaunchCount(1).WithWarmupCount(2).WithIterationCount(8).WithInvocationCount(1).WithUnrollFactor(1));
}
