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
        unet make FOLDER [half [WIDTH]]         writes the model, 3.4 GB; in half precision 1.7 GB; 320 channels wide
        unet plain|idle|capture FOLDER [STEPS [BATCH [PROVIDER [THREADS]]]]
                                                times steps of BATCH images with guidance: of the export as it is; of
                                                the export that can capture, without capture; with capture
        unet bound FOLDER STEPS BATCH PROVIDER  the same as idle, with inputs and prediction in the device's memory
        unet compare FOLDER PROVIDER            how far its predictions are from the processor's
        """;

    private const int Side = 64, Tokens = 77, TextWidth = 768, Classes = 1;
    private const string Prediction = "out_sample";

    internal static int Run(string[] args, TextWriter output)
    {
        switch (args)
        {
            case ["make", var folder, .. var form]:
                var (path, parameters) = RealWidthUNet.Write(
                    Directory.CreateDirectory(folder).FullName,
                    form.Contains("half"),
                    Number(form, 1, RealWidthUNet.RealWidth)
                );
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {parameters / 1e6:0.0} million weights"));
                return 0;
            case ["plain" or "idle" or "capture" or "bound", _, ..]:
                Measure(args, output);
                return 0;
            case ["compare", var folder, var provider]:
                Compare(Model(folder), provider, output);
                return 0;
            default:
                output.WriteLine(Usage);
                return 2;
        }
    }

    private static string Model(string folder) => Path.Combine(folder, "model.onnx");

    private static void Measure(string[] args, TextWriter output)
    {
        var (mode, path, steps, batch) = (args[0], Model(args[1]), Number(args, 2, 3), Number(args, 3, 1));
        var options = new OnnxSessionOptions { Provider = args.ElementAtOrDefault(4) ?? "cpu", Threads = Number(args, 5, 0) };
        var capture = Capture(path);
        var clock = Stopwatch.StartNew();
        using var session = OnnxSession.Load(path, options, mode == "plain" ? default : capture.Appendix);
        Say($"loaded in {clock.Elapsed.TotalSeconds:0.0} s, {Peak()}");
        var inputs = Inputs(mode, batch);
        string[] outputs = mode == "capture" ? [Prediction, .. Maps(capture)] : [Prediction];
        using var binding = mode == "bound" ? session.Bind() : null;
        foreach (var (name, value) in inputs) binding?.BindInput(name, value);
        Time("first call", 1);
        // The second call is slow too: it takes the memory that the first one showed to be needed.
        Time("second call", 1);
        Time("call", steps);

        // Calls whose prediction stays on the device may return before they have ended: the last one brings it back.
        void Time(string name, int calls)
        {
            clock.Restart();
            for (var call = 1; call <= calls; call++)
            {
                if (binding is null)
                {
                    Require(session.Run(inputs, outputs));
                    continue;
                }

                using var prediction = binding.Run((Prediction, call < calls))[0];
                if (call == calls) Require([OnnxValues.ToTensor(prediction)]);
            }

            Say($"{name} {1000 * clock.Elapsed.TotalSeconds / calls:0.0} ms, {Peak()}");
        }

        void Say(FormattableString text) =>
            output.WriteLine($"{mode}, {options.Provider}, batch {batch}: {text.ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>One call of one image with guidance, with capture.</summary>
    private static void Compare(string path, string provider, TextWriter output)
    {
        var capture = Capture(path);
        string[] outputs = [Prediction, .. Maps(capture)];
        var (expected, actual) = (Call("cpu"), Call(provider));
        for (var i = 0; i < outputs.Length; i++)
        {
            var difference = expected[i].Values.Zip(actual[i].Values).Max(p => Math.Abs(p.First - p.Second));
            var largest = expected[i].Values.Max(Math.Abs);
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{outputs[i]}: largest value {largest:0.000}, largest difference {difference:0.0e+0}"
                )
            );
        }

        IReadOnlyList<FloatTensor> Call(string on)
        {
            using var session = OnnxSession.Load(path, new() { Provider = on }, capture.Appendix);
            return session.Run(Inputs("capture", 1), outputs);
        }
    }

    private static AttentionCapture Capture(string path)
    {
        var graph = OnnxGraphReader.Read(path);
        var modules = AttentionFinder.Find(graph);
        // What the pipeline captures: every cross-attention module, self-attention at the two largest grids up to 32.
        var groups = new[] { 2, 4 }.Select(f =>
            (IReadOnlyList<AttentionModule>)[.. modules.Where(m => m.Kind == AttentionKind.Self && m.Factor == f)]
        );
        return AttentionCapture.Build(graph, modules, groups);
    }

    private static IEnumerable<string> Maps(AttentionCapture capture) =>
        [.. capture.Cross.Select(c => c.Output), .. capture.Self.Select(s => s.Output)];

    private static void Require(IReadOnlyList<FloatTensor> results)
    {
        if (results.Any(r => r.Values.Any(v => !float.IsFinite(v))))
            throw new InvalidOperationException("the model gives numbers that are not finite");
    }

    /// <summary>Rows without text first, then those that see the prompt, as the pipeline has them.</summary>
    private static Dictionary<string, FloatTensor> Inputs(string mode, int batch)
    {
        var random = new CounterRandom(1, "inputs");
        var (latent, text) = (FloatTensor.Zeros(2 * batch, 4, Side, Side), FloatTensor.Zeros(2 * batch, Tokens, TextWidth));
        random.FillGaussian(latent.Values);
        random.FillGaussian(text.Values);
        var inputs = new Dictionary<string, FloatTensor>
        {
            ["sample"] = latent,
            ["timestep"] = FloatTensor.Scalar(501),
            ["encoder_hidden_states"] = text,
        };
        if (mode == "plain") return inputs;
        var rows = mode == "capture" ? batch : 0;
        var columns = FloatTensor.Zeros(rows, Tokens, Classes + 1);
        Array.Fill(columns.Values, 1f / Tokens);
        inputs[AttentionCapture.RowsInput] = new([.. Enumerable.Range(batch, rows).Select(row => (float)row)], rows);
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
