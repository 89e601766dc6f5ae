using System.Globalization;

namespace FreeMask.Grains;

/// <summary>Keys of grains below a run: parts joined by <c>/</c>.</summary>
internal static class GrainKeys
{
    // GetGrain<T> reads the attributes of the interface by reflection at every call, which is measurable for samples.
    private static SampleType? _sample;

    public static string Round(string run, int round) => string.Create(CultureInfo.InvariantCulture, $"{run}/{round}");

    public static string Part(string run, int round, int number) => string.Create(CultureInfo.InvariantCulture, $"{run}/{round}/{number}");

    /// <summary>Parses the key of a shard or sample.</summary>
    public static (string Run, int Round, int Number) Parse(string key)
    {
        var last = key.LastIndexOf('/');
        var middle = key.LastIndexOf('/', last - 1);
        return (
            key[..middle],
            int.Parse(key.AsSpan(middle + 1, last - middle - 1), CultureInfo.InvariantCulture),
            int.Parse(key.AsSpan(last + 1), CultureInfo.InvariantCulture)
        );
    }

    /// <summary>The round number of a round key.</summary>
    public static int ParseRound(string key) => int.Parse(key.AsSpan(key.LastIndexOf('/') + 1), CultureInfo.InvariantCulture);

    public static ISampleGrain GetSample(this IGrainFactory grains, string run, int round, int index)
    {
        var key = Part(run, round, index);
        if (_sample is { } type) return (ISampleGrain)grains.GetGrain(GrainId.Create(type.Grain, key), type.Interface);
        var sample = grains.GetGrain<ISampleGrain>(key);
        if (sample is GrainReference reference) _sample = new SampleType(reference.GrainId.Type, reference.InterfaceType);
        return sample;
    }

    public static ISampleShardGrain GetShard(this IGrainFactory grains, string run, int round, int shard) =>
        grains.GetGrain<ISampleShardGrain>(Part(run, round, shard));

    public static IRoundGrain GetRound(this IGrainFactory grains, string run, int round) => grains.GetGrain<IRoundGrain>(Round(run, round));

    private sealed record SampleType(GrainType Grain, GrainInterfaceType Interface);
}
