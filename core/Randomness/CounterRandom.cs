using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FreeMask.Randomness;

/// <summary>
/// The project's only source of randomness: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
/// A stream is named by (seed, index, attempt, purpose); the n-th number of a stream depends on that name and n alone,
/// never on thread, batch, machine or the order in which streams are used.
/// </summary>
/// <remarks>Not thread-safe: one instance belongs to one consumer. Creating one is cheap.</remarks>
internal sealed class CounterRandom
{
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57, Weyl0 = 0x9E3779B9, Weyl1 = 0xBB67AE85;

    private readonly uint _key0, _key1, _stream0, _stream1;
    private readonly uint[] _block = new uint[4];
    private ulong _counter;
    private int _used = 4;
    private double _spareGaussian = double.NaN;

    /// <summary>Opens a stream.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="index">Which sample (or step) this stream belongs to.</param>
    /// <param name="attempt">How often the sample was redone.</param>
    /// <param name="purpose">What the numbers are for, such as <c>"latent"</c>; different purposes give independent streams.</param>
    public CounterRandom(ulong seed, long index, int attempt, string purpose)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        Span<byte> name = stackalloc byte[20];
        BinaryPrimitives.WriteUInt64LittleEndian(name, seed);
        BinaryPrimitives.WriteInt64LittleEndian(name[8..], index);
        BinaryPrimitives.WriteInt32LittleEndian(name[16..], attempt);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(name);
        hash.AppendData(Encoding.UTF8.GetBytes(purpose));
        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        _key0 = BinaryPrimitives.ReadUInt32LittleEndian(digest);
        _key1 = BinaryPrimitives.ReadUInt32LittleEndian(digest[4..]);
        _stream0 = BinaryPrimitives.ReadUInt32LittleEndian(digest[8..]);
        _stream1 = BinaryPrimitives.ReadUInt32LittleEndian(digest[12..]);
    }

    /// <summary>Opens the stream of (seed, purpose) that belongs to no sample.</summary>
    public CounterRandom(ulong seed, string purpose) : this(seed, 0, 0, purpose) { }

    /// <summary>A uniform 32-bit number.</summary>
    public uint NextUInt32()
    {
        if (_used == 4)
        {
            Philox((uint)_counter, (uint)(_counter >> 32), _stream0, _stream1, _key0, _key1, _block);
            _counter++;
            _used = 0;
        }

        return _block[_used++];
    }

    /// <summary>A uniform 64-bit number.</summary>
    public ulong NextUInt64() => ((ulong)NextUInt32() << 32) | NextUInt32();

    /// <summary>A uniform number in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A uniform number in [0, 1) with 24 random bits.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / (1 << 24));

    /// <summary>A uniform number in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public double NextDouble(double low, double high) => low + (NextDouble() * (high - low));

    /// <summary>A uniform integer in [0, <paramref name="bound"/>), without modulo bias.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bound"/> is not positive.</exception>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var range = (uint)bound;
        while (true)
        {
            var product = (ulong)NextUInt32() * range;
            if ((uint)product >= (0u - range) % range) return (int)(product >> 32);
        }
    }

    /// <summary>A standard normal number (Box-Muller; the radius uses 1 - u, which lies in (0, 1]).</summary>
    public double NextGaussian()
    {
        if (!double.IsNaN(_spareGaussian))
        {
            var spare = _spareGaussian;
            _spareGaussian = double.NaN;
            return spare;
        }

        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        var (sin, cos) = Math.SinCos(2 * Math.PI * NextDouble());
        _spareGaussian = radius * sin;
        return radius * cos;
    }

    /// <summary>Fills a span with standard normal numbers.</summary>
    public void FillGaussian(Span<float> destination)
    {
        for (var i = 0; i < destination.Length; i++) destination[i] = (float)NextGaussian();
    }

    /// <summary>Shuffles in place (Fisher-Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>One Philox4x32-10 block, in the argument order of the reference implementation (counter, then key).</summary>
    internal static void Philox(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, Span<uint> block)
    {
        for (var round = 0; round < 10; round++)
        {
            var product0 = (ulong)Multiplier0 * c0;
            var product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += Weyl0;
            k1 += Weyl1;
        }

        block[0] = c0;
        block[1] = c1;
        block[2] = c2;
        block[3] = c3;
    }
}
