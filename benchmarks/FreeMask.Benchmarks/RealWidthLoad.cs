using System.Diagnostics;
using System.Globalization;
using FreeMask.Diffusion.Attention;
using FreeMask.Onnx;
using FreeMask.Randomness;
using FreeMask.Tensors;

namespace FreeMask.Benchmarks;

/// <summary>
/// Steps of a U-Net of Stable Diffusion 1.5's real width at 512 pixels, an image with guidance (two rows). A step takes tens of seconds on
/// a few cores, so it is timed by hand: one to warm up, then a few. Peak memory is the process's, so each mode wants a process of its own.
/// </summary>
internal static class RealWidthLoad
{
    internal const string Usage = """
        unet make FOLDER                                  writes the model, 3.4 GB
        unet plain|idle|capture FOLDER [STEPS [THREADS]]  times steps: of the export as it is; of the export that
                                                          can capture, without capture; with capture
        """;

    private const int Side = 64, Tokens = 77, TextWidth = 768, Classes = 1;

    internal static int Run(string[] args, TextWriter output)
    {
        switch (args)
        {
            case ["make", var folder]:
                var (path, parameters) = RealWidthUNet.Write(Directory.CreateDirectory(folder).FullName);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {parameters / 1e6:0.0} million weights"));
                return 0;
            case ["plain" or "idle" or "capture", _, ..]:
                Measure(args[0], Path.Combine(args[1], "model.onnx"), Number(args, 2, 3), Number(args, 3, 0), output);
                return 0;
            default:
                output.WriteLine(Usage);
                return 2;
        }
    }

    private static void Measure(string mode, string path, int steps, int threads, TextWriter output)
    {
        var graph = OnnxGraphReader.Read(path);
        var modules = AttentionFinder.Find(graph);
        // What the pipeline captures: every cross-attention module, self-attention at the two largest grids up to 32.
        var groups = new[] { 2, 4 }.Select(f =>
            (IReadOnlyList<AttentionModule>)[.. modules.Where(m => m.Kind == AttentionKind.Self && m.Factor == f)]
        );
        var capture = AttentionCapture.Build(graph, modules, groups);
        var clock = Stopwatch.StartNew();
        using var session = OnnxSession.Load(path, new() { Threads = threads }, mode == "plain" ? default : capture.Appendix);
        Say($"loaded in {clock.Elapsed.TotalSeconds:0.0} s, {Peak()}");
        var inputs = Inputs(mode);
        string[] outputs =
            mode == "capture"
                ? ["out_sample", .. capture.Cross.Select(c => c.Output), .. capture.Self.Select(s => s.Output)]
                : ["out_sample"];
        for (var step = 0; step <= steps; step++)
        {
            clock.Restart();
            var results = session.Run(inputs, outputs);
            if (results.Any(r => r.Values.Any(v => !float.IsFinite(v))))
                throw new InvalidOperationException("the model gives numbers that are not finite");
            Say($"{(step == 0 ? "warm-up" : "step")} {clock.Elapsed.TotalSeconds:0.00} s, {Peak()}");
        }

        void Say(FormattableString text) => output.WriteLine($"{mode}: {text.ToString(CultureInfo.InvariantCulture)}");
    }

    private static Dictionary<string, FloatTensor> Inputs(string mode)
    {
        var random = new CounterRandom(1, "inputs");
        var (latent, text) = (FloatTensor.Zeros(2, 4, Side, Side), FloatTensor.Zeros(2, Tokens, TextWidth));
        random.FillGaussian(latent.Values);
        random.FillGaussian(text.Values);
        var inputs = new Dictionary<string, FloatTensor>
        {
            ["sample"] = latent,
            ["timestep"] = FloatTensor.Scalar(501),
            ["encoder_hidden_states"] = text,
        };
        if (mode == "plain") return inputs;
        var rows = mode == "capture" ? 1 : 0;
        var columns = FloatTensor.Zeros(rows, Tokens, Classes + 1);
        Array.Fill(columns.Values, 1f / Tokens);
        inputs[AttentionCapture.RowsInput] = new([.. Enumerable.Repeat(1f, rows)], rows);
        inputs[AttentionCapture.ColumnsInput] = columns;
        return inputs;
    }

    private static string Peak()
    {
        using var process = Process.GetCurrentProcess();
        return string.Create(CultureInfo.InvariantCulture, $"peak memory {process.PeakWorkingSet64 / (double)(1 << 30):0.00} GiB");
    }

    private static int Number(string[] args, int index, int usual) =>
        args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : usual;
}
