using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Randomness;
using FreeMask.Vision.Harmonization;
using Xunit;

namespace FreeMask.Vision.Tests.Harmonization;

public sealed class HarmonizerModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_object_moves_by_what_the_model_predicts_and_nothing_else_changes()
    {
        // Lightness down by 10 of units of 12, almost sure.
        using var model = Constant([-10f / 12, 0, 0, 0, 0, 0, -8, -8, -8, -8, -8, -8], caution: 1);
        var (image, mask) = Scene(1);
        var result = model.Harmonize([new HarmonizerTask(image, mask, null)])[0];
        Assert.Equal("statistics", model.Form);
        Assert.Equal(-10, result.Objects.Single().ShiftL, 3);
        Assert.Equal(-10, Mean(result.Image, mask).L - Mean(image, mask).L, 0.3);
        for (var i = 0; i < mask.Labels.Length; i++)
            if (mask.Labels[i] == 0)
                Assert.True(image.Pixels.AsSpan(3 * i, 3).SequenceEqual(result.Image.Pixels.AsSpan(3 * i, 3)));
        var half = model.Harmonize([new HarmonizerTask(image, mask, null)], strength: 0.5)[0];
        Assert.Equal(-5, half.Objects.Single().ShiftL, 3);
    }

    [Fact]
    public void What_the_model_is_unsure_of_is_left_alone()
    {
        using var model = Constant([-10f / 12, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1], caution: 1);
        var (image, mask) = Scene(1);
        var result = model.Harmonize([new HarmonizerTask(image, mask, null)])[0];
        Assert.Equal(0, result.Objects.Single().Gate);
        Assert.Equal(image.Pixels, result.Image.Pixels);
    }

    [Theory]
    [InlineData(1, 0.1, 1, 1)]
    [InlineData(1, 0.75, 1, 0.5)]
    [InlineData(-2, 0.75, 2, 0.5)]
    [InlineData(1, 1.5, 1, 0)]
    [InlineData(1, 1.5, 0, 1)]
    [InlineData(0, 0.1, 1, 0)]
    public void The_gate_opens_as_a_change_stands_out_from_its_error(double change, double deviation, double caution, double expected)
    {
        var output = new float[StatisticsForm.Numbers];
        (output[0], output[6]) = ((float)change, (float)(2 * Math.Log(deviation)));
        Assert.Equal(expected, StatisticsForm.Gate(output, caution), 5);
    }

    [Fact]
    public void An_object_does_not_depend_on_the_others_of_its_batch()
    {
        using var model = Load(HarmonizerGraphs.MeanOfPlanes(), new HarmonizerConfig { Caution = 0 });
        HarmonizerTask[] tasks = [.. Enumerable.Range(1, 5).Select(i => Scene(i)).Select(s => new HarmonizerTask(s.Image, s.Mask, null))];
        var together = model.Harmonize(tasks);
        for (var i = 0; i < tasks.Length; i++)
        {
            var alone = model.Harmonize([tasks[i]])[0];
            Assert.Equal(alone.Image.Pixels, together[i].Image.Pixels);
            Assert.NotEqual(tasks[i].Composite.Pixels, alone.Image.Pixels);
        }
    }

    [Fact]
    public void Each_object_of_an_image_is_harmonized_by_itself()
    {
        using var model = Constant([-1, 0, 0, 0, 0, 0, -8, -8, -8, -8, -8, -8], caution: 0);
        var (image, mask) = Scene(1);
        var instances = new LabelMap(mask.Width, mask.Height);
        for (var i = 0; i < mask.Labels.Length; i++)
            instances.Labels[i] = mask.Labels[i] == 0 ? (byte)1 : (byte)(i % mask.Width < mask.Width / 2 ? 2 : 3);
        var result = model.Harmonize([new HarmonizerTask(image, mask, instances)])[0];
        Assert.Equal([2, 3], result.Objects.Select(o => (int)o.Instance));
    }

    [Theory]
    [InlineData(256, 256)]
    [InlineData(100, 60)]
    public void A_public_RainNet_changes_the_object_alone(int width, int height)
    {
        using var model = Load(HarmonizerGraphs.RainNet(0.1f), null);
        Assert.Equal("rainnet", model.Form);
        var (image, mask) = Scene(1, width, height);
        var result = model.Harmonize([new HarmonizerTask(image, mask, null)])[0].Image;
        for (var i = 0; i < result.Pixels.Length; i++)
        {
            var moved = mask.Labels[i / 3] != 0;
            Assert.Equal(moved ? image.Pixels[i] + 12.75 : image.Pixels[i], result.Pixels[i], moved ? 0.6 : 0);
        }
    }

    [Fact]
    public void The_form_of_a_trained_model_is_that_of_its_configuration()
    {
        using var rainNet = Load(HarmonizerGraphs.RainNet(0.1f), new HarmonizerConfig { Form = "rainnet", Caution = null });
        Assert.Equal("rainnet", rainNet.Form);

        // Configurations of before there were two forms name none.
        var folder = _folder["earlier"];
        var written = new HarmonizerConfig { Caution = 2.5 }.Save(folder, HarmonizerGraphs.MeanOfPlanes());
        var path = Path.Combine(folder, ModelFileNames.Config);
        var text = File.ReadAllText(path);
        Assert.Contains("\"form\": \"statistics\",", text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace("\"form\": \"statistics\",", "", StringComparison.Ordinal));
        using var earlier = HarmonizerModel.Load(folder);
        Assert.Equal("statistics", earlier.Form);
        Assert.Equal(written, HarmonizerConfig.Read(folder));
    }

    [Fact]
    public void A_public_PCT_Net_works_at_the_size_of_the_image()
    {
        using var model = Load(HarmonizerGraphs.PctNet(0.1f), null);
        Assert.Equal("pct-net", model.Form);
        var (image, mask) = Scene(1, 90, 70);
        var result = model.Harmonize([new HarmonizerTask(image, mask, null)])[0].Image;
        for (var i = 0; i < result.Pixels.Length; i++)
            Assert.Equal(mask.Labels[i / 3] != 0 ? image.Pixels[i] + 25.5 : image.Pixels[i], result.Pixels[i], 0.6);
    }

    [Fact]
    public void What_is_no_harmonizer_is_said()
    {
        Assert.Contains("model.onnx", Assert.Throws<FreeMaskException>(() => HarmonizerModel.Load(_folder.Path)).Message);
        var unknown = new OnnxGraphBuilder();
        unknown.Output("y", unknown.Op("Relu", [unknown.Input("x", OnnxGraphBuilder.Float, 1, 5)]), OnnxGraphBuilder.Float, 1, 5);
        Assert.Contains("RainNet", Assert.Throws<FreeMaskException>(() => Load(unknown.ToBytes(), null)).Message);
        Assert.Contains("promises", Assert.Throws<FreeMaskException>(() => Load(unknown.ToBytes(), new HarmonizerConfig())).Message);

        var rainNet = new HarmonizerConfig { Form = "rainnet" };
        Assert.Contains("of the form 'rainnet'", Assert.Throws<FreeMaskException>(() => Load(unknown.ToBytes(), rainNet)).Message);
        var table = new HarmonizerConfig { Form = "table" };
        Assert.Contains("has the form 'table'", Assert.Throws<FreeMaskException>(() => Load(unknown.ToBytes(), table)).Message);

        new HarmonizerConfig().Save(_folder["two"], HarmonizerGraphs.RainNet(0.1f));
        File.WriteAllBytes(_folder["two", ModelFileNames.Onnx], HarmonizerGraphs.RainNet(0.2f));
        Assert.Contains("sha256 differs", Assert.Throws<FreeMaskException>(() => HarmonizerModel.Load(_folder["two"])).Message);
        File.WriteAllText(_folder["two", ModelFileNames.Config], """{ "modelType": "mask2former" }""");
        Assert.Contains("another kind", Assert.Throws<FreeMaskException>(() => HarmonizerModel.Load(_folder["two"])).Message);
    }

    private HarmonizerModel Constant(float[] output, double caution) =>
        Load(HarmonizerGraphs.Constant(output), new HarmonizerConfig { Caution = caution });

    private HarmonizerModel Load(byte[] onnx, HarmonizerConfig? config)
    {
        var folder = _folder[Guid.NewGuid().ToString("N")];
        Directory.CreateDirectory(folder);
        if (config is not null) config.Save(folder, onnx);
        else File.WriteAllBytes(Path.Combine(folder, ModelFileNames.Onnx), onnx);
        return HarmonizerModel.Load(folder);
    }

    private static (double L, double A, double B) Mean(RgbImage image, LabelMap mask) =>
        LabStatistics.Of(LabColor.FromRgb(image), i => mask.Labels[i] > 127).Mean;

    private static (RgbImage Image, LabelMap Mask) Scene(int seed, int width = 80, int height = 64)
    {
        var random = new CounterRandom((ulong)seed, "scene");
        var (image, mask) = (new RgbImage(width, height), new LabelMap(width, height));
        for (var i = 0; i < mask.Labels.Length; i++)
        {
            var (x, y) = (i % width, i / width);
            var inside = Math.Abs(x - (width / 2)) < width / 4 && Math.Abs(y - (height / 2)) < height / 4;
            mask.Labels[i] = inside ? (byte)255 : (byte)0;
            for (var c = 0; c < 3; c++) image.Pixels[(3 * i) + c] = (byte)((inside ? 110 + (5 * seed) : 70) + random.NextInt(40));
        }

        return (image, mask);
    }
}
