using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Devices;
using FreeMask.Imaging;
using FreeMask.Pipeline;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace FreeMask.Silo.Tests.Artifacts;

public sealed class PiecedArtifactTests : IDisposable
{
    private const int Piece = 1000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("freemask-pieces-");
    private readonly FolderArtifactStore _store;

    public PiecedArtifactTests() => _store = new FolderArtifactStore(_folder.FullName, TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(1000, 0)]
    [InlineData(1001, 2)]
    [InlineData(5000, 5)]
    [InlineData(5432, 6)]
    public async Task Content_comes_back_from_its_pieces(int length, int pieces)
    {
        var bytes = Bytes(length);
        var content = await WriteAsync(bytes);

        Assert.Equal(pieces, content.Pieces.Length);
        var reader = await content.OpenAsync(_store, Stop);
        Assert.Equal(length, reader.Length);
        Assert.Equal(bytes, (await reader.ReadAsync(0, length, Stop)).ToArray());
        foreach (var (from, count) in new[] { (0, 1), (999, 2), (500, 3100), (4999, 1) })
            if (from + count <= length)
                Assert.Equal(bytes[from..(from + count)], (await reader.ReadAsync(from, count, Stop)).ToArray());
        using var copy = new MemoryStream();
        await reader.AsStream().CopyToAsync(copy, Stop);
        Assert.Equal(bytes, copy.ToArray());
        await Assert.ThrowsAnyAsync<ArgumentException>(() => reader.ReadAsync(length, 1, Stop));
        // Equal content has equal hashes.
        Assert.Equal(content.Artifact, (await WriteAsync(bytes)).Artifact);
    }

    [Fact]
    public async Task A_piece_that_is_lost_is_named()
    {
        var content = await WriteAsync(Bytes(3500));
        await _store.DeleteAsync(content.Pieces[2], DateTimeOffset.MaxValue, Stop);

        var reader = await content.OpenAsync(_store, Stop);
        Assert.Equal(1000, (await reader.ReadAsync(500, 1000, Stop)).Length);
        var lost = await Assert.ThrowsAsync<ArtifactLostException>(() => reader.ReadAsync(1500, 1000, Stop));
        Assert.Equal(content.Pieces[2], lost.Hash);
    }

    /// <summary>A training whose checkpoints are many pieces, and one that goes on from a checkpoint that an earlier version stored as one
    /// artifact, end with the weights of an undisturbed one.</summary>
    [Fact]
    public async Task A_training_goes_on_from_a_checkpoint_in_pieces()
    {
        var spec = new RunSpec
        {
            Name = "pieces",
            Classes = ["cat"],
            Training = new TrainingSpec
            {
                Init = "none",
                Steps = 3,
                Batch = 1,
                Size = 32,
                CheckpointSteps = 1,
            },
        };
        var label = new LabelMap(32, 32);
        for (var i = 0; i < 512; i++) label.Labels[i] = 8;
        var example = new TrainingExample(await _store.PutAsync(new RgbImage(32, 32), Stop), await _store.PutAsync(label, Stop));
        var request = new TrainingRequest(spec, [example], 1, 3, null);

        var (whole, small) = (new Recorder(), new Recorder());
        var undisturbed = await Service(PiecedArtifact.PieceSize).TrainAsync(request, whole, Stop);
        Assert.Equal(undisturbed.Weights, (await Service(1 << 20).TrainAsync(request, small, Stop)).Weights);

        Assert.Equal(2, small.Checkpoints.Count);
        Assert.All(whole.Checkpoints, checkpoint => Assert.Empty(checkpoint.Content.Pieces));
        Assert.All(small.Checkpoints, checkpoint => Assert.InRange(checkpoint.Content.Pieces.Length, 10, 100));
        foreach (var checkpoint in new[] { small.Checkpoints[0], whole.Checkpoints[1] with { Pieces = default } })
        {
            var resumed = await Service(1 << 20).TrainAsync(request with { Checkpoint = checkpoint }, new Recorder(), Stop);
            Assert.Equal(undisturbed.Weights, resumed.Weights);
        }
    }

    private Task<PiecedArtifact> WriteAsync(byte[] bytes) =>
        PiecedArtifact.WriteAsync(
            _store,
            async stream =>
            {
                // In parts that fit no piece, by both ways of a stream.
                for (var i = 0; i < bytes.Length; i += 777)
                {
                    var part = bytes.AsMemory(i, Math.Min(777, bytes.Length - i));
                    if (i % 2 == 0) await stream.WriteAsync(part, Stop);
                    else stream.Write(part.Span);
                }
            },
            Piece,
            Stop
        );

    private SegmenterTrainingService Service(int pieceSize) =>
        new(
            new BundleFolders(null),
            _store,
            Options.Create(new FreeMaskOptions()),
            Options.Create(new DeviceOptions()),
            TimeProvider.System,
            NullLogger<SegmenterTrainingService>.Instance
        )
        {
            PieceSize = pieceSize,
        };

    private static byte[] Bytes(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((i * 31) + (i / 256)))];

    private sealed class Recorder : ITrainingMonitor
    {
        public List<TrainingCheckpoint> Checkpoints { get; } = [];

        public void Report(int step, int steps, double? loss)
        {
        }

        public Task SaveAsync(TrainingCheckpoint checkpoint, CancellationToken cancellationToken)
        {
            Checkpoints.Add(checkpoint);
            return Task.CompletedTask;
        }
    }
}
