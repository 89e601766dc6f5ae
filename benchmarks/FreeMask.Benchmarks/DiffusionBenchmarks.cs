using BenchmarkDotNet.Attributes;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;

namespace FreeMask.Benchmarks;

/// <summary>
/// Image generation with the bundle that ships: one step of one image with and without attention capture, and a complete image against the
/// number of images in a batch. FREEMASK_BENCHMARK_MODEL names another bundle.
/// </summary>
[Config(typeof(BriefConfig))]
public class DiffusionBenchmarks
{
    private const int Side = 128, Steps = 8;

    private DiffusionBundle? _bundle;
    private DiffusionPipeline? _pipeline;

    /// <summary>Images in a batch.</summary>
    [Params(1, 2, 4, 8)]
    public int Batch { get; set; }

    [GlobalSetup]
    public void Load()
    {
        var folder = Environment.GetEnvironmentVariable("FREEMASK_BENCHMARK_MODEL") ?? ShippedBundle();
        _bundle = DiffusionBundle.Load(folder, new() { BatchSize = Batch });
        _pipeline = new DiffusionPipeline(_bundle);
    }

    [GlobalCleanup]
    public void Close() => _bundle?.Dispose();

    /// <summary>A batch without attention.</summary>
    [Benchmark(Baseline = true)]
    public object Draw() => Draw(new CaptureOptions { WindowStart = 1, SelfAttention = false });

    /// <summary>A batch whose cross- and self-attention is recorded at every step.</summary>
    [Benchmark]
    public object DrawAndCapture() => Draw(new CaptureOptions());

    /// <summary>A batch whose attention is read once, from the finished latent.</summary>
    [Benchmark]
    public object DrawAndProbe() => Draw(new CaptureOptions { RenoiseTimestep = 200 });

    private static string ShippedBundle()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FreeMask.sln"))) folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? "", "models", "mini");
    }

    private IReadOnlyList<GenerationResult> Draw(CaptureOptions capture)
    {
        var requests = Enumerable.Range(0, Batch).Select(i => new GenerationRequest
        {
            Prompt = "a photo of a cat on the grass",
            Classes = ["cat"],
            Noise = new(1, i, 0),
            Steps = Steps,
            Guidance = 3,
            Width = Side,
            Height = Side,
        });
        return _pipeline!.Generate([.. requests], capture);
    }
}
