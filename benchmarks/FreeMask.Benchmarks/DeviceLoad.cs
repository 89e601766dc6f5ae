using System.Diagnostics;
using System.Globalization;
using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Pipelines;

namespace FreeMask.Benchmarks;

/// <summary>
/// A bundle on an accelerator against the same bundle on the processor: how far latents and images are apart, and how long an image takes
/// by batch size, with and without attention, with latents on the device and through the process's memory.
/// </summary>
internal static class DeviceLoad
{
    internal const string Usage = """
        device PROVIDER BUNDLE [STEPS]    compares a provider (cuda, tensorrt, ...) with the processor on a bundle,
                                          and times it with batches of 1 to 16
        """;

    private const int Side = 128;

    private static readonly (string Name, CaptureOptions Options)[] Captures =
    [
        ("none", new() { WindowStart = 1, SelfAttention = false }),
        ("every step", new()),
        ("one call after", new() { RenoiseTimestep = 200 }),
    ];

    internal static int Run(string[] args, TextWriter output)
    {
        if (args is not [var provider, var folder, .. var rest])
        {
            output.WriteLine(Usage);
            return 2;
        }

        var steps = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 20;
        Compare(provider, folder, steps, output);
        foreach (var batch in new[] { 1, 2, 4, 8, 16 })
            foreach (var binding in new[] { true, false })
                Time(provider, folder, steps, batch, binding, output);
        return 0;
    }

    /// <summary>Eight images on both, with latents on the device and not.</summary>
    private static void Compare(string provider, string folder, int steps, TextWriter output)
    {
        var expected = Draw("cpu", binding: false);
        foreach (var binding in new[] { true, false })
        {
            var actual = Draw(provider, binding);
            var latents = expected.Zip(actual).Max(p => p.First.Latent.Zip(p.Second.Latent).Max(v => Math.Abs(v.First - v.Second)));
            var images = expected
                .Zip(actual)
                .SelectMany(p => p.First.Image.Pixels.Zip(p.Second.Image.Pixels))
                .Select(p => Math.Abs(p.First - p.Second))
                .ToArray();
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{provider}, binding {binding}: latents differ from the processor's by at most {latents:0.0e+0}, pixels by at most "
                        + $"{images.Max()} of 255; {images.Count(d => d > 0) / (double)images.Length:0.00 %} of the values differ"
                )
            );
        }

        GenerationResult[] Draw(string on, bool binding)
        {
            using var bundle = Open(on, folder, 4, binding);
            return [.. new DiffusionPipeline(bundle).Generate(Requests(8, steps), Captures[2].Options)];
        }
    }

    private static void Time(string provider, string folder, int steps, int batch, bool binding, TextWriter output)
    {
        using var bundle = Open(provider, folder, batch, binding);
        var pipeline = new DiffusionPipeline(bundle);
        foreach (var (name, options) in Captures)
        {
            var requests = Requests(batch, steps);
            pipeline.Generate(requests, options);
            var (clock, images) = (Stopwatch.StartNew(), 0);
            while (clock.Elapsed < TimeSpan.FromSeconds(1) || images < 2 * batch) images += pipeline.Generate(requests, options).Count;
            var seconds = clock.Elapsed.TotalSeconds;
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{provider}, batch {batch}, binding {binding}, attention {name}: {images / seconds:0.0} images/s, "
                        + $"{1000 * seconds * batch / (images * steps):0.00} ms a step"
                )
            );
        }
    }

    private static DiffusionBundle Open(string provider, string folder, int batch, bool binding) =>
        DiffusionBundle.Load(folder, new() { BatchSize = batch, UseIoBinding = binding, Session = new() { Provider = provider } });

    private static GenerationRequest[] Requests(int count, int steps) =>
        [
            .. Enumerable.Range(0, count).Select(i => new GenerationRequest
            {
                Prompt = "a photo of a cat on the grass",
                Classes = ["cat"],
                Noise = new(1, i, 0),
                Steps = steps,
                Guidance = 3,
                Width = Side,
                Height = Side,
            }),
        ];
}
