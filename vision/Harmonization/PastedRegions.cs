using FreeMask.Imaging;

namespace FreeMask.Vision.Harmonization;

/// <summary>Deals the pasted pixels to the objects that they belong to.</summary>
internal static class PastedRegions
{
    internal const byte HalfPasted = 127;

    /// <summary>Per pixel the number of its pasted object, 0 where nothing was pasted. Without an instance map all pasted pixels are one
    /// object, 1.</summary>
    internal static byte[] Assign(LabelMap pasted, LabelMap? instances)
    {
        if (instances is null) return Array.ConvertAll(pasted.Labels, p => (byte)(p > 0 ? 1 : 0));
        var isPasted = PastedInstances(pasted, instances);
        var owner = new byte[pasted.Labels.Length];
        var front = new Queue<int>();
        for (var i = 0; i < owner.Length; i++)
        {
            if (pasted.Labels[i] == 0 || !isPasted[instances.Labels[i]]) continue;
            owner[i] = instances.Labels[i];
            front.Enqueue(i);
        }

        // Soft edges carry no instance: they go to the object they hang on, those nearest first.
        while (front.TryDequeue(out var at))
        {
            int x = at % pasted.Width, y = at / pasted.Width;
            if (x > 0) Spread(at, at - 1);
            if (x < pasted.Width - 1) Spread(at, at + 1);
            if (y > 0) Spread(at, at - pasted.Width);
            if (y < pasted.Height - 1) Spread(at, at + pasted.Width);
        }

        return owner;

        void Spread(int from, int to)
        {
            if (owner[to] != 0 || pasted.Labels[to] == 0) return;
            owner[to] = owner[from];
            front.Enqueue(to);
        }
    }

    /// <summary>Instances that are pasted for the most part; the background's own objects are not.</summary>
    private static bool[] PastedInstances(LabelMap pasted, LabelMap instances)
    {
        var balance = new int[256];
        for (var i = 0; i < instances.Labels.Length; i++) balance[instances.Labels[i]] += pasted.Labels[i] > HalfPasted ? 1 : -1;
        balance[LabelMap.Background] = balance[LabelMap.Ignore] = -1;
        return Array.ConvertAll(balance, b => b > 0);
    }
}
