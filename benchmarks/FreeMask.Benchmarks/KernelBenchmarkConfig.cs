using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace FreeMask.Benchmarks;

/// <summary>
/// How kernels are measured: in this process (no project is generated and built), ten short iterations, with what they allocate. On a
/// machine that does other work too, the least time says most.
/// </summary>
internal sealed class KernelBenchmarkConfig : ManualConfig
{
    public KernelBenchmarkConfig()
    {
        AddJob(
            Job.Default.WithToolchain(InProcessEmitToolchain.Instance)
                .WithWarmupCount(2)
                .WithIterationCount(10)
                .WithIterationTime(TimeInterval.FromMilliseconds(200))
        );
        AddColumn(StatisticColumn.Min);
        AddDiagnoser(MemoryDiagnoser.Default);
    }
}
