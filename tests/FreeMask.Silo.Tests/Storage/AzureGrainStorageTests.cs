using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Azure.Data.Tables;
using FreeMask.GrainInterfaces;
using FreeMask.Grains;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.RunSpecs;
using FreeMask.Grains.Training;
using FreeMask.Hosting.Storage;
using FreeMask.Randomness;
using FreeMask.Silo.Tests.Cluster;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Silo.Tests.Services;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;
using Xunit;

namespace FreeMask.Silo.Tests.Storage;

/// <summary>
/// The limits of Azure Storage: an entity of a table has at most 1 MiB, a property 64 KiB. The largest records of the largest runs fit, and
/// runs whose records would not are refused as they start.
/// </summary>
public sealed class AzureGrainStorageTests(LocalServices services, ITestOutputHelper output) : IDisposable
{
    private const int MaxEntity = 1024 * 1024,
        MaxProperty = 64 * 1024,
        MaxRecord = 15 * MaxProperty;

    private readonly TemporaryFolder _folder = new();
    private readonly string _service = $"sizes-{Guid.NewGuid():N}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("freemask", "freemask-state")]
    [InlineData("a", "a-state")]
    [InlineData("Prod", "prod-6c1b6a86e0-state")]
    [InlineData("prod_1", "prod-1-37ac0ea2ef-state")]
    [InlineData("--", "cf83e1357e-state")]
    public void The_container_of_a_service_is_named_after_it(string service, string expected)
    {
        var container = AzureGrainStorage.ContainerOf(service);
        Assert.Matches(new Regex("^" + Regex.Replace(expected, "[0-9a-f]{10}-state$", "[0-9a-f]{10}-state") + "$"), container);
    }

    [Fact]
    public void Services_that_a_container_cannot_name_alike_have_containers_of_their_own()
    {
        string[] ids =
        [
            "prod",
            "Prod",
            "PROD",
            "prod_",
            "prod-",
            "pro.d",
            new('p', 57),
            new('p', 58),
            new('p', 200),
            "größe",
            "grösse",
            "",
            "-",
        ];
        var containers = ids.Select(AzureGrainStorage.ContainerOf).ToList();
        Assert.Equal(ids.Length, containers.Distinct().Count());
        Assert.All(containers, name => Assert.Matches("^[a-z0-9](-?[a-z0-9]){2,62}$", name));
        Assert.All(containers, name => Assert.InRange(name.Length, 3, 63));
    }

    [Fact]
    public async Task The_records_of_the_largest_runs_fit_into_entities()
    {
        await using var silo = await OpenAsync();
        // 250 labels, 100 rounds, shards of 1,000 samples; every number and text as long as it can be.
        var spec = Spec(labels: 250, rounds: 100, samples: 10_000, shardSize: 1000);
        Assert.Null(RecordSize.Check(spec, SpecBytes(silo, spec), MaxRecord));
        var run = LargestRun(spec);
        await AssertFitsAsync(silo, "run", run, sizeOf: SpecBytes(silo, spec), spec);
        await AssertFitsAsync(silo, "round", LargestRound(run with { Closed = run.Closed[..^1] }), sizeOf: SpecBytes(silo, spec), spec);
        await AssertFitsAsync(
            silo,
            "trainer",
            new TrainerRecord([.. run.Closed.Select(c => JobOf(c.Status))]),
            sizeOf: SpecBytes(silo, spec),
            spec
        );
        await AssertFitsAsync(silo, "shard", LargestShard(1000), null, spec);
        await AssertFitsAsync(silo, "shard", LargestShard(10_000), null, spec);
    }

    [Theory]
    [InlineData(20, 1, 2_000_000, 1000)]
    [InlineData(20, 20, 200_000, 1000)]
    [InlineData(3, 300, 30, 10)]
    public async Task No_record_is_larger_than_its_estimate(int labels, int rounds, int samples, int shardSize)
    {
        await using var silo = await OpenAsync();
        var spec = Spec(labels, rounds, samples, shardSize);
        var run = LargestRun(spec);
        var estimate = RecordSize.Largest(spec, SpecBytes(silo, spec));
        foreach (var size in new[] { Size(silo, run), Size(silo, LargestRound(run with { Closed = run.Closed[..^1] })) })
        {
            output.WriteLine(
                $"{labels} labels, {rounds} rounds of {samples} samples in shards of {shardSize}: {size} bytes, estimate {estimate}"
            );
            Assert.InRange(size, 1, estimate);
        }
    }

    [Fact]
    public async Task A_record_of_exactly_the_limit_is_kept_and_a_larger_one_refused()
    {
        await using var silo = await OpenAsync();
        var bytes = MaxRecord;
        while (Size(silo, Incompressible(bytes)) is var size && size != MaxRecord)
            bytes += MaxRecord - size;
        await AssertFitsAsync(silo, "shard", Incompressible(bytes), null, null);
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => WriteAsync(silo, "shard", Incompressible(bytes + 1)));
        Assert.Contains($"Size={MaxRecord + 1}", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_shards_are_too_many_for_tables_is_refused_as_it_starts()
    {
        var spec = TestSilo.SmallSpec with { SamplesPerRound = 1_000_000 };
        await using var silo = await TestSilo.StartAsync(_folder.Path, Token, services: s => s.AddSingleton(new RecordLimit(MaxRecord)));
        var refused = await Assert.ThrowsAsync<RunRejectedException>(() => silo.Run("large").Start(spec));
        Assert.Equal("execution.shardSize", Assert.Single(refused.Problems).Path);
        Assert.Empty(await silo.Grains.GetGrain<IRunDirectoryGrain>(0).List());
        Assert.Equal(RunState.Completed, (await silo.CompleteAsync("small", TestSilo.SmallSpec)).State);
    }

    [Theory]
    [InlineData("AzureTable", MaxRecord)]
    [InlineData("AzureBlob", null)]
    public async Task The_limit_is_that_of_the_store_of_runs(string store, int? expected)
    {
        await using var silo = await OpenAsync(Enum.Parse<Provider>(store));
        Assert.Equal(expected, silo.Services.GetRequiredService<RecordLimit>().Bytes);
    }

    private static RunSpec Spec(int labels, int rounds, int samples, int shardSize) =>
        TestSilo.SmallSpec with
        {
            Classes = [.. Names(labels)],
            Backgrounds = [.. Names(100)],
            Rounds = rounds,
            SamplesPerRound = samples,
            Execution = new ExecutionSpec { ShardSize = shardSize },
        };

    // New texts each time, as after each call between grains: the serializer writes a text once for each instance.
    private static IEnumerable<string> Names(int number) => Enumerable.Range(0, number).Select(i => $"a label of some words, number {i}");

    /// <summary>A number that does not compress, from a fixed seed.</summary>
    private static string Hash(params ReadOnlySpan<int> key) => ArtifactHash.Of(System.Runtime.InteropServices.MemoryMarshal.AsBytes(key));

    private static double Fraction(params ReadOnlySpan<int> key) => Convert.ToInt64(Hash(key)[..12], 16) / (double)(1L << 48);

    private static SegmenterModel Model(int round) => new(Hash(round, -1), Hash(round, -2), Hash(round, -3), Hash(round, -4));

    private static RunRecord LargestRun(RunSpec spec)
    {
        var closed = Enumerable.Range(0, spec.Rounds).Select(round => LargestReport(spec, round)).ToImmutableArray();
        return new RunRecord
        {
            Spec = spec,
            Closed = closed,
            ManifestHash = Hash(-1),
            ManifestParts = [Hash(-2), .. closed.SelectMany(c => c.ManifestParts)],
            Environment = new RunEnvironment(new string('e', 500), "tensorrt", Hash(-3)),
            Reason = new string('r', 2000),
        };
    }

    private static RoundReport LargestReport(RunSpec spec, int round)
    {
        var shards = (spec.SamplesPerRound + spec.Execution.ShardSize - 1) / spec.Execution.ShardSize;
        var n = spec.SamplesPerRound;
        var status = new RoundStatus
        {
            Round = round,
            Phase = RoundPhase.Closed,
            Counts = new StateCounts(n, n, n, n, n, n - round, n / 2, n / 3, n / 4, n / 5),
            Thresholds = [.. Names(spec.Classes.Length).Select((name, i) => ThresholdOf(name, n, spec.Classes.Length, round, i))],
            Quality = new SegmenterQuality(
                Fraction(round),
                [.. Names(spec.Classes.Length).Select((name, i) => new ClassIoU(name, Fraction(round, i, 1)))]
            ),
            Seconds = new StageSeconds(
                Fraction(round, 2),
                Fraction(round, 3),
                Fraction(round, 4),
                Fraction(round, 5),
                Fraction(round, 6),
                Fraction(round, 7),
                Fraction(round, 8)
            ),
            Segmenter = Model(round),
            Failures = [.. Enumerable.Range(0, FailureReasons.MaxOfRound).Select(i => new FailureGroup(Text(round, i), n - i, i))],
            StartedAt = TimeProvider.System.GetUtcNow().AddHours(round),
            EndedAt = TimeProvider.System.GetUtcNow().AddHours(round + Fraction(round)),
        };
        return new RoundReport(
            status,
            [.. Enumerable.Range(0, shards).Select(i => Hash(round, i, 2))],
            [.. Enumerable.Range(0, shards).Select(i => Hash(round, i, 3))],
            true
        );
    }

    private static SelectionThreshold ThresholdOf(string name, int samples, int labels, int round, int i)
    {
        // Samples are divided evenly among the labels; how many of them were scored differs.
        var share = (samples / labels) + 1;
        return new(
            name,
            (int)(share * Fraction(round, i, 4)),
            (int)(share * Fraction(round, i, 5)),
            Math.Round(Fraction(round, i, 6), 6),
            (int)(samples * Fraction(round, i, 7))
        );
    }

    /// <summary>The longest reason of a failure, of hexadecimal digits that do not repeat.</summary>
    private static string Text(int round, int i) =>
        string.Concat(Enumerable.Range(0, 4).Select(part => Hash(round, i, part, 8)))[..FailureReasons.MaxLength];

    private static RoundRecord LargestRound(RunRecord run)
    {
        var own = LargestReport(run.Spec, run.Closed.Length);
        return new RoundRecord
        {
            Assignment = run.OpenRound("run"),
            Donors = Hash(-4),
            Candidates = [.. own.TrainingLists.Select((_, i) => Hash(i, 9))],
            FoldModels = [.. Enumerable.Range(0, 20).Select(fold => Model(-fold - 10))],
            Thresholds = own.Status.Thresholds,
            KeptIdsHash = Hash(-5),
            KeptLists = own.TrainingLists,
            Segmenter = own.Status.Segmenter,
            Quality = own.Status.Quality,
            ManifestParts = own.ManifestParts,
            Tally = new RoundTally(own.Status.Counts, own.Status.Seconds, own.Status.Failures),
        };
    }

    private static JobRecord JobOf(RoundStatus status) =>
        new()
        {
            Id = $"{status.Round}/evaluation",
            Model = status.Segmenter,
            Quality = status.Quality,
            Seconds = Fraction(status.Round),
            Checkpoint = Hash(status.Round, 10),
        };

    private static ShardRecord LargestShard(int samples) =>
        new(
            [.. Enumerable.Range(0, samples).Select(i => (byte)(9 * Fraction(i)))],
            [.. Enumerable.Range(0, samples).Select(i => (ushort)(ushort.MaxValue * Fraction(i, 1)))],
            [.. Enumerable.Range(0, samples).Select(i => (int)(SampleTransitions.ScoreScale * Fraction(i, 2)))],
            new StageSeconds(),
            [.. Enumerable.Range(0, FailureReasons.MaxOfShard + 1).Select(i => new FailureGroup(Text(0, i), samples - i, i))],
            samples
        );

    /// <summary>A record whose size as it is stored grows by one byte with each byte.</summary>
    private static ShardRecord Incompressible(int bytes)
    {
        var states = new byte[bytes];
        var random = new CounterRandom(1, "incompressible");
        for (var i = 0; i < bytes; i++)
            states[i] = (byte)random.NextUInt32();
        return new ShardRecord(states, [], [], new StageSeconds(), [], 0);
    }

    private static IGrainStorageSerializer Serializer(SiloOnStore silo) =>
        silo.Services.GetRequiredKeyedService<IGrainStorageSerializer>(CompressedRecordSerializer.Key);

    private static int Size<T>(SiloOnStore silo, T record)
        where T : class => Serializer(silo).Serialize(new Stored<T> { Value = record }).ToMemory().Length;

    private static int SpecBytes(SiloOnStore silo, RunSpec spec) =>
        silo.Services.GetRequiredService<Orleans.Serialization.Serializer<RunSpec>>().SerializeToArray(spec).Length;

    private static async Task<GrainId> WriteAsync<T>(SiloOnStore silo, string name, T record)
        where T : class
    {
        var id = GrainId.Create(name, Guid.NewGuid().ToString("N"));
        await Storage(silo).WriteStateAsync(name, id, new GrainState<Stored<T>>(new Stored<T> { Value = record }));
        return id;
    }

    private static IGrainStorage Storage(SiloOnStore silo) =>
        silo.Services.GetRequiredKeyedService<IGrainStorage>(StorageNames.Coordination);

    /// <summary>Writes a record, reads it again, and looks at its entity as the service has it.</summary>
    private async Task AssertFitsAsync<T>(SiloOnStore silo, string name, T record, int? sizeOf, RunSpec? spec)
        where T : class
    {
        var id = await WriteAsync(silo, name, record);
        var read = new GrainState<Stored<T>>(new Stored<T>());
        await Storage(silo).ReadStateAsync(name, id, read);
        var serializer = silo.Services.GetRequiredService<Orleans.Serialization.Serializer<T>>();
        var plain = serializer.SerializeToArray(record);
        Assert.True(plain.AsSpan().SequenceEqual(serializer.SerializeToArray(read.State!.Value!)), $"the {name} was changed");

        var tables = new TableServiceClient(await services.AzuriteAsync());
        var key = $"{_service}_{id}".Replace('/', '_');
        var entity = (
            await tables.GetTableClient("OrleansGrainState").GetEntityAsync<TableEntity>(key, name, cancellationToken: Token)
        ).Value;
        var properties = entity.Select(p => p.Value).OfType<byte[]>().Select(p => p.Length).ToList();
        output.WriteLine($"{name}: {plain.Length} bytes, stored {properties.Sum()} in {properties.Count} properties");
        Assert.All(properties, length => Assert.InRange(length, 1, MaxProperty));
        // 4 bytes and two for each character of keys and names, as the service counts.
        var overhead = 4 + (2 * (key.Length + name.Length)) + entity.Keys.Sum(k => 8 + (2 * k.Length) + 12);
        Assert.InRange(properties.Sum() + overhead, 1, MaxEntity);
        Assert.Equal(Size(silo, record), properties.Sum());
        if (spec is not null && sizeOf is { } specBytes)
            Assert.InRange(properties.Sum(), 1, RecordSize.Largest(spec, specBytes));
    }

    private Task<SiloOnStore> OpenAsync(Provider provider = Provider.AzureTable) =>
        SiloOnStore.OpenAsync(services, provider, _service, _folder.Path);
}
