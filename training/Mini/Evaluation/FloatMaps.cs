using FreeMask.Imaging;

namespace FreeMask.Training.Mini.Evaluation;

/// <summary>Means of maps.</summary>
internal static class FloatMaps
{
    /// <summary>The mean of maps of one size, at least one.</summary>
    internal static FloatMap Mean(IReadOnlyList<FloatMap> maps)
    {
        if (maps.Count == 1) return maps[0];
        var mean = new FloatMap(maps[0].Width, maps[0].Height);
        foreach (var map in maps)
            for (var i = 0; i < mean.Values.Length; i++) mean.Values[i] += map.Values[i] / maps.Count;
        return mean;
    }
}
