using FreeMask.Load.Benchmarks;

const string Usage = """
    What coordination costs; see docs/performance.md.

      pipeline [STORE] SAMPLES...                a durable run whose stages do nothing; default: sqlite 1000 10000
      batching [SILOS [SAMPLES [PARALLELISM]]]   devices that take 8 ms and 0.5 ms an item; default: 3 silos, 12000 samples, 1

    STORE is sqlite, redis=CONNECTION, postgresql=CONNECTION, azure-table=CONNECTION or azure-blob=CONNECTION.
    """;

switch (args)
{
    case ["pipeline", .. var rest]:
        await PipelineLoad.RunAsync(rest, Console.Out);
        return 0;
    case ["batching", .. var rest]:
        await BatchingLoad.RunAsync(rest, Console.Out);
        return 0;
    default:
        await Console.Error.WriteLineAsync(Usage);
        return 2;
}
