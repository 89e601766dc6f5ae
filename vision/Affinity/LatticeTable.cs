namespace FreeMask.Vision.Affinity;

/// <summary>A hash table from lattice keys (d integers) to vertex numbers from 1, with open addressing; 0 means absent.</summary>
internal sealed class LatticeTable
{
    private readonly int _length;
    private int[] _keys;
    private int[] _slots;

    internal LatticeTable(int keyLength, int expected)
    {
        _length = keyLength;
        _keys = new int[keyLength * Math.Max(16, expected / 4)];
        _slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, expected))];
    }

    internal int Count { get; private set; }

    internal ReadOnlySpan<int> Key(int vertex) => _keys.AsSpan((vertex - 1) * _length, _length);

    internal int Find(ReadOnlySpan<int> key) => _slots[Slot(key)];

    internal int FindOrAdd(ReadOnlySpan<int> key)
    {
        var slot = Slot(key);
        if (_slots[slot] != 0) return _slots[slot];
        if (Count * 2 >= _slots.Length)
        {
            Grow();
            slot = Slot(key);
        }

        if ((Count + 1) * _length > _keys.Length) Array.Resize(ref _keys, _keys.Length * 2);
        key.CopyTo(_keys.AsSpan(Count * _length));
        return _slots[slot] = ++Count;
    }

    private int Slot(ReadOnlySpan<int> key)
    {
        var hash = 0u;
        foreach (var part in key) hash = (hash + (uint)part) * 2531011u;
        var mask = _slots.Length - 1;
        var slot = (int)((hash ^ (hash >> 15)) & mask);
        while (_slots[slot] != 0 && !Key(_slots[slot]).SequenceEqual(key)) slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        _slots = new int[_slots.Length * 2];
        for (var vertex = 1; vertex <= Count; vertex++) _slots[Slot(Key(vertex))] = vertex;
    }
}
