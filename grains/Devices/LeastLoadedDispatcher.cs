using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace FreeMask.Grains.Devices;

/// <summary>Spreads work over devices by what they have to do.</summary>
internal static class LeastLoadedDispatcher
{
    /// <summary>Deals items out batch by batch, each to the device that then has the least to do; of equals the first.</summary>
    /// <param name="items">The items, in order.</param>
    /// <param name="batch">Most items that go together.</param>
    /// <param name="loads">What each device has to do; what it is dealt is added.</param>
    /// <returns>The items of each device that was dealt any.</returns>
    public static IReadOnlyList<(string Device, ImmutableArray<WorkItem> Items)> Assign(ImmutableArray<WorkItem> items, int batch, Dictionary<string, int> loads)
    {
        var dealt = new Dictionary<string, ImmutableArray<WorkItem>.Builder>(StringComparer.Ordinal);
        for (var start = 0; start < items.Length; start += batch)
        {
            var device = loads.MinBy(l => l.Value).Key;
            var share = items.AsSpan(start, Math.Min(batch, items.Length - start));
            loads[device] += share.Length;
            ref var builder = ref CollectionsMarshal.GetValueRefOrAddDefault(dealt, device, out _);
            (builder ??= ImmutableArray.CreateBuilder<WorkItem>()).AddRange(share);
        }

        return [.. dealt.Select(d => (d.Key, d.Value.ToImmutable()))];
    }
}
