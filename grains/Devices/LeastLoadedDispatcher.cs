using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace FreeMask.Grains.Devices;

/// <summary>Assigns samples to the devices with the least load.</summary>
internal static class LeastLoadedDispatcher
{
    /// <summary>
    /// Assigns items batch by batch, each batch to the device that then has the least load; of equal devices to the first.
    /// </summary>
    /// <param name="items">The items, in order.</param>
    /// <param name="batch">Maximum number of items in a batch.</param>
    /// <param name="loads">Load of each device in samples; assigned items are added.</param>
    /// <returns>The items of each device that got any.</returns>
    public static IReadOnlyList<(string Device, ImmutableArray<WorkItem> Items)> Assign(
        ImmutableArray<WorkItem> items,
        int batch,
        Dictionary<string, int> loads
    )
    {
        var assigned = new Dictionary<string, ImmutableArray<WorkItem>.Builder>(StringComparer.Ordinal);
        for (var start = 0; start < items.Length; start += batch)
        {
            var device = loads.MinBy(l => l.Value).Key;
            var share = items.AsSpan(start, Math.Min(batch, items.Length - start));
            loads[device] += share.Length;
            ref var builder = ref CollectionsMarshal.GetValueRefOrAddDefault(assigned, device, out _);
            (builder ??= ImmutableArray.CreateBuilder<WorkItem>()).AddRange(share);
        }

        return [.. assigned.Select(d => (d.Key, d.Value.ToImmutable()))];
    }
}
