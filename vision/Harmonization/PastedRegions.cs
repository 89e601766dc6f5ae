using FreeMask.Imaging;

namespace FreeMask.Vision.Harmonization;

/// <summary>Deals the pasted pixels to the objects that they belong to.</summary>
internal static class PastedRegions
{
    internal const byte HalfPasted = 127;

    /// <summary>Fewer pixels than this tell nothing about a region's colors.</summary>
    internal const int LeastPixels = 24;

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

    /// <summary>The numbers of the pasted objects, ascending.</summary>
    /// <param name="owner">What <see cref="Assign"/> gave.</param>
    internal static byte[] Numbers(byte[] owner) => [.. owner.Where(n => n != 0).Distinct().Order()];

    /// <summary>How much of each pixel is one object's, 0..1.</summary>
    internal static FloatMap ShareOf(LabelMap pasted, byte[] owner, byte number)
    {
        var share = new FloatMap(pasted.Width, pasted.Height);
        for (var i = 0; i < owner.Length; i++)
            if (owner[i] == number) share.Values[i] = pasted.Labels[i] / 255f;
        return share;
    }

    /// <summary>Not 0 where nothing was pasted and one object is near.</summary>
    /// <param name="pasted">How much of each pixel was pasted.</param>
    /// <param name="owner">What <see cref="Assign"/> gave.</param>
    /// <param name="number">The object.</param>
    /// <param name="ring">How near, in shares of the image's longer side; at least 2 pixels.</param>
    internal static byte[] RingOf(LabelMap pasted, byte[] owner, byte number, double ring)
    {
        var radius = Math.Max(2, (int)(ring * Math.Max(pasted.Width, pasted.Height)));
        var near = Regions.Dilate(Array.ConvertAll(owner, n => (byte)(n == number ? 1 : 0)), pasted.Width, radius);
        for (var i = 0; i < near.Length; i++)
            if (pasted.Labels[i] != 0) near[i] = 0;
        return near;
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
