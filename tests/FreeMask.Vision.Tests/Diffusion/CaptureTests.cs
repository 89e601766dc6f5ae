using System.Text.Json;
using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Models;
using FreeMask.Onnx;
using FreeMask.Onnx.Proto;
using FreeMask.Tensors;
using Xunit;

namespace FreeMask.Vision.Tests.Diffusion;

/// <summary>Finding and capturing attention in every export.</summary>
public sealed class CaptureTests
{
    public static TheoryData<string> Folders =>
        [
            "lcm-optimum",
            "sd15-dynamo18",
            "sd15-dynamo23",
            "sd15-legacy",
            "sd15-legacy-sdpa",
            "sd15-optimum",
            "sd15-ort-fused",
            "sd15-fp16",
            "sd2-optimum",
            "turbo-optimum",
            "xl-optimum",
        ];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Capture_changes_no_prediction_asked_for_or_not(string folder)
    {
        var golden = new Golden(folder);
        using var bundle = DiffusionBundle.Load(golden.Folder);
        var inputs = UNetInputs(golden, bundle);
        using var plain = OnnxSession.Load(bundle.UNet.Path);
        var alone = plain.Run(inputs, "out_sample")[0].Values;
        var unet = bundle.UNet.For([]);
        inputs[AttentionCapture.RowsInput] = new([], 0);
        inputs[AttentionCapture.ColumnsInput] = FloatTensor.Zeros(0, 77, 1);
        AssertClose(alone, unet.Session.Run(inputs, "out_sample")[0].Values, Half(folder) ? 1e-3f : 1e-5f);
        inputs[AttentionCapture.RowsInput] = new([1], 1);
        inputs[AttentionCapture.ColumnsInput] = FloatTensor.Zeros(1, 77, 1);
        AssertClose(alone, unet.Session.Run(inputs, "out_sample")[0].Values, Half(folder) ? 1e-3f : 1e-5f);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Modules_are_found_with_their_grids(string folder)
    {
        var golden = new Golden(folder);
        var modules = AttentionFinder.Find(OnnxGraphReader.Read(Path.Combine(golden.Folder, "unet", "model.onnx")));
        var run = golden.Run("A");
        var cross = run.GetProperty("attn2_modules").EnumerateArray().ToArray();
        var found = modules.Where(m => m.Kind == AttentionKind.Cross).ToArray();
        Assert.Equal(cross.Length, found.Length);
        Assert.Equal(cross.Length, modules.Count(m => m.Kind == AttentionKind.Self));
        var cells = run.GetProperty("width").GetInt32() / 8;
        for (var i = 0; i < cross.Length; i++)
        {
            var name = cross[i].GetProperty("name").GetString()!;
            Assert.Equal(
                (cross[i].GetProperty("grid")[1].GetInt32(), cross[i].GetProperty("grid")[0].GetInt32()),
                found[i].Grid(cells, cells)
            );
            if (found[i].Name.Contains("attn", StringComparison.Ordinal)) Assert.Equal(name, found[i].Name);
            var part =
                name.StartsWith("down", StringComparison.Ordinal) ? UNetPart.Down
                : name.StartsWith("mid", StringComparison.Ordinal) ? UNetPart.Middle
                : UNetPart.Up;
            Assert.Equal(part, found[i].Part);
        }

        Assert.All(modules, m => Assert.InRange(m.Heads ?? 0, 1, 4));
        // Where heads are as many everywhere, the model's own configuration says how many; legacy exports have none.
        var file = Path.Combine(golden.Folder, "unet", "config.json");
        using var config = JsonDocument.Parse(File.Exists(file) ? File.ReadAllText(file) : """{ "attention_head_dim": [] }""");
        if (config.RootElement.GetProperty("attention_head_dim") is { ValueKind: JsonValueKind.Number } heads)
            Assert.All(modules, m => Assert.Equal(heads.GetInt32(), m.Heads));
    }

    [Theory]
    [InlineData("sd15-legacy")]
    [InlineData("sd15-dynamo23")]
    [InlineData("sd15-ort-fused")]
    public void Maps_are_reduced_as_soon_as_their_module_has_run(string folder)
    {
        // ONNX Runtime runs nodes by depth-first search from those that no node follows, the last one first.
        var graph = OnnxGraphReader.Read(Fixtures.Path("sd", folder, "unet", "model.onnx"));
        var modules = AttentionFinder.Find(graph);
        var capture = AttentionCapture.Build(graph, modules, [[.. modules.Where(m => m is { Kind: AttentionKind.Self, Factor: 1 })]]);
        var added = ModelProto.Parser.ParseFrom(capture.Appendix.Span).Graph;
        var taken = added.Node.SelectMany(n => n.Input).ToHashSet();
        var ends = added.Node.SkipWhile(n => taken.Contains(n.Output[0])).ToArray();
        Assert.DoesNotContain(ends, n => taken.Contains(n.Output[0]));
        Assert.Equal(graph.Outputs[0].Name, ends[0].Input[0]);
        Assert.Equal(capture.Cross.Select(c => c.Output).Reverse(), ends.Where(n => n.OpType == "MatMul").Select(n => n.Output[0]));
        Assert.Equal(modules.Count(m => m is { Kind: AttentionKind.Self, Factor: 1 }), ends.Count(n => n.OpType == "Shape") - 1);
        Assert.Equal("Shape", ends[^1].OpType);
        Assert.All(ends, n => Assert.Contains(added.Output, o => o.Name == n.Output[0]));
    }

    [Fact]
    public void A_graph_that_only_a_gpu_runs_is_still_read()
    {
        var modules = AttentionFinder.Find(OnnxGraphReader.Read(Fixtures.Path("sd", "sd15-ort-fp16", "unet", "model.onnx")));
        Assert.Equal(
            16,
            modules.Count(m => m.Kind == AttentionKind.Cross && m.Form == AttentionForm.MultiHeadAttention && m.Obstacle is null)
        );
        Assert.Equal(16, modules.Count(m => m.Kind == AttentionKind.Self && m.Form == AttentionForm.MultiHeadAttention && m.Heads > 0));
    }

    private static Dictionary<string, FloatTensor> UNetInputs(Golden golden, DiffusionBundle bundle)
    {
        var inputs = new Dictionary<string, FloatTensor>
        {
            ["sample"] = Tensor("unet.sample"),
            ["encoder_hidden_states"] = Tensor("unet.encoder_hidden_states"),
            ["timestep"] = bundle.UNet.Timestep(golden.Values("unet.timestep")[0], 2),
        };
        foreach (var name in new[] { "text_embeds", "time_ids", "timestep_cond" })
            if (golden.Tensors.TryGet("unet." + name, out _)) inputs[name] = Tensor("unet." + name);
        return inputs;

        FloatTensor Tensor(string name) => new(golden.Values(name), [.. golden.Tensors[name].Shape]);
    }

    private static bool Half(string folder) => folder.Contains("fp16", StringComparison.Ordinal);

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var worst = 0f;
        for (var i = 0; i < expected.Length; i++) worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]));
        Assert.True(worst <= tolerance, $"largest difference {worst}, tolerance {tolerance}");
    }
}
