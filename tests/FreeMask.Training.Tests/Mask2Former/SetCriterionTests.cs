using System.Text.Json;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Torch;
using FreeMask.Vision.Imaging;
using FreeMask.Vision.Tensors;
using FreeMask.Vision.Tests;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

public sealed class SetCriterionTests
{
    private static readonly string[] Predictions = ["final", "aux0", "aux1", "aux2"];

    [Theory]
    [InlineData("train", false)]
    [InlineData("train", true)]
    [InlineData("train_frozen_norm", false)]
    [InlineData("train_frozen_norm", true)]
    public void Losses_and_matches_equal_the_reference(string mode, bool ignore)
    {
        using var scope = NewDisposeScope();
        var (golden, report) = Load();
        var model = Model(mode);
        var targets = Targets(golden, ignore);
        var points = Points(golden);

        var loss = Loss(model, golden, targets, points);
        var expected = ignore ? report.GetProperty(mode).GetProperty("ignore") : report.GetProperty(mode);
        for (var i = 0; i < Predictions.Length; i++)
        {
            var suffix = i == 0 ? "" : $"_{i - 1}";
            var terms = expected.GetProperty("losses_unweighted");
            Assert.Equal(terms.GetProperty("loss_cross_entropy" + suffix).GetDouble(), loss.Class[i].item<float>(), 1e-5);
            Assert.Equal(terms.GetProperty("loss_mask" + suffix).GetDouble(), loss.Mask[i].item<float>(), 1e-5);
            Assert.Equal(terms.GetProperty("loss_dice" + suffix).GetDouble(), loss.Dice[i].item<float>(), 1e-5);
            var matches = expected.GetProperty("matches").GetProperty(Predictions[i]);
            for (var image = 0; image < 4; image++)
            {
                var pairs = loss.Pairs.Where(p => p.Row == (4 * i) + image).ToArray();
                Assert.Equal(Ints(matches[image].GetProperty("query")), pairs.Select(p => p.Query));
                Assert.Equal(Ints(matches[image].GetProperty("target")), pairs.Select(p => p.Target));
            }
        }

        Assert.Equal(expected.GetProperty("loss_total").GetDouble(), loss.Total.item<float>(), 1e-4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pair_costs_and_chosen_points_equal_the_reference(bool ignore)
    {
        using var scope = NewDisposeScope();
        var (golden, _) = Load();
        var model = Model("train");
        var targets = Targets(golden, ignore);
        var points = Points(golden);
        var prefix = ignore ? "train.ignore." : "train.";

        var output = model.Run(Golden.Tensor(golden["train.pixel_values"])).Decoder.Predictions;
        var criterion = new SetCriterion(model.Config, model.ClassWeights);
        Prediction[] ordered = [output[^1], .. output.Take(3)];
        var costs = criterion.Costs(cat([.. ordered.Select(p => p.Classes)]), cat([.. ordered.Select(p => p.Masks)]), targets, points.Matcher);
        var chosen = criterion.Compute(output, targets, points).Points.chunk(4, 0);
        for (var i = 0; i < Predictions.Length; i++)
        {
            AssertSamePoints(Golden.Tensor(golden[$"{prefix}{Predictions[i]}.loss_points"]), chosen[i]);
            foreach (var image in new[] { 0, 1, 3 })
                Golden.AssertClose(
                    golden[$"{prefix}{Predictions[i]}.cost.{image}"], costs.Total[(4 * i) + image].narrow(1, 0, targets.Classes[image].Count));
        }
    }

    [Fact]
    public void Gradients_and_three_steps_equal_the_reference()
    {
        using var scope = NewDisposeScope();
        var (golden, report) = Load();
        var expected = report.GetProperty("train");
        var noise = expected.GetProperty("float64").GetRawText();
        var model = Model("train");
        var (targets, points) = (Targets(golden, ignore: false), Points(golden));
        var parameters = SegmenterOptimizer.Parameters(model, backboneFactor: 0.1, weightDecay: 0.05);
        var settings = expected.GetProperty("optimiser").GetProperty("per_parameter_lr_and_decay");
        foreach (var parameter in parameters)
        {
            var pair = settings.GetProperty(parameter.Name);
            Assert.Equal(pair[0].GetDouble(), 1e-4 * parameter.RateFactor, 1e-12);
            Assert.Equal(pair[1].GetDouble(), parameter.WeightDecay);
        }

        using var optimizer = new FlatAdamW(parameters);
        for (var step = 0; step < 3; step++)
        {
            optimizer.ZeroGradients();
            Loss(model, golden, targets, points).Total.backward();
            if (step == 0)
                foreach (var (name, parameter) in model.named_parameters())
                {
                    var norm = expected.GetProperty("gradient_norms").GetProperty(name).GetDouble();
                    Assert.True(Math.Abs(norm - parameter.grad!.norm().item<float>()) <= (1e-3 * norm) + 1e-5, name);
                }

            var clipped = optimizer.ClipGradients(0.01);
            var before = expected.GetProperty("steps")[step].GetProperty("gradient_norm_before_clip").GetDouble();
            Assert.Equal(before, clipped, 1e-3 * before);
            optimizer.Step(1e-4);
        }

        foreach (var (name, parameter) in model.named_parameters())
        {
            if (noise.Contains(name, StringComparison.Ordinal) || !golden.TryGet($"train.after_steps.{name}", out var after)) continue;
            Golden.AssertClose(after!, parameter, 5e-6);
        }

        Assert.Equal(expected.GetProperty("loss_after_steps").GetDouble(), Loss(model, golden, targets, points).Total.item<float>(), 5e-3);
    }

    [Fact]
    public void A_batch_without_objects_has_only_the_class_term()
    {
        using var scope = NewDisposeScope();
        var model = Model("train");
        var targets = SegmentationTargets.FromLabelMaps([Filled(LabelMap.Ignore), Filled(LabelMap.Ignore)]);
        var output = model.Run(zeros(2, 3, 64, 64)).Decoder.Predictions;
        var loss = new SetCriterion(model.Config, model.ClassWeights)
            .Compute(output, targets, LossPoints.Draw(model.Config, output.Count, targets, seed: 1, step: 0));
        Assert.Empty(loss.Pairs);
        Assert.Equal(0, loss.Mask.sum().item<float>());
        Assert.True(loss.Class.sum().item<float>() > 0);
        loss.Total.backward();
    }

    [Fact]
    public void Unknown_pixels_do_not_change_the_loss()
    {
        using var scope = NewDisposeScope();
        var model = Model("train_frozen_norm");
        var (left, right) = (Filled(0), Filled(0));
        for (var y = 0; y < 64; y++)
            for (var x = 0; x < 64; x++)
            {
                // The classes differ only inside the unknown band, where a bilinear sample of a valid point never reaches.
                left[x, y] = x < 30 ? (byte)1 : x < 34 ? LabelMap.Ignore : (byte)0;
                right[x, y] = left[x, y];
            }

        var output = model.Run(linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64)).Decoder.Predictions;
        double Total(LabelMap map)
        {
            var targets = SegmentationTargets.FromLabelMaps([map]);
            return new SetCriterion(model.Config, model.ClassWeights)
                .Compute(output, targets, LossPoints.Draw(model.Config, output.Count, targets, seed: 1, step: 0)).Total.item<float>();
        }

        var known = Total(left);
        Assert.Equal(known, Total(right));
        right[31, 7] = 1;
        Assert.NotEqual(known, Total(right));
    }

    // As sets: uncertainties that are equal up to rounding may swap places.
    private static void AssertSamePoints(Tensor expected, Tensor actual)
    {
        static float[] Sorted(Tensor points) => points.select(2, 0).sort(1).Values.contiguous().data<float>().ToArray();
        Assert.All(Sorted(expected).Zip(Sorted(actual)), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    private static LabelMap Filled(byte label)
    {
        var map = new LabelMap(64, 64);
        Array.Fill(map.Labels, label);
        return map;
    }

    private static (SafetensorsFile Golden, JsonElement Report) Load()
    {
        var folder = Fixtures.Path("mask2former", "resnet");
        return (SafetensorsFile.Load(Path.Combine(folder, "golden.safetensors")),
            JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json"))).RootElement);
    }

    private static Mask2FormerModel Model(string mode)
    {
        var model = Mask2FormerModel.Load(Fixtures.Path("mask2former", "resnet"));
        model.train();
        model.FreezeNormalization(mode == "train_frozen_norm");
        return model;
    }

    private static SetLoss Loss(Mask2FormerModel model, SafetensorsFile golden, SegmentationTargets targets, LossPoints points) =>
        new SetCriterion(model.Config, model.ClassWeights)
            .Compute(model.Run(Golden.Tensor(golden["train.pixel_values"])).Decoder.Predictions, targets, points);

    private static SegmentationTargets Targets(SafetensorsFile golden, bool ignore)
    {
        var classes = Enumerable.Range(0, 4)
            .Select(i => (IReadOnlyList<int>)[.. golden[$"train.class_labels.{i}"].ToInt64s().Select(c => (int)c)]).ToArray();
        var slots = classes.Max(c => c.Count);
        var masks = zeros(4, slots, 64, 96);
        for (var i = 0; i < 4; i++)
            if (classes[i].Count > 0) masks[i].narrow(0, 0, classes[i].Count).copy_(Golden.Tensor(golden[$"train.mask_labels.{i}"]));
        var valid = ignore ? Golden.Tensor(golden["train.label_maps"]).ne(255).to_type(ScalarType.Float32) : ones(4, 64, 96);
        return new SegmentationTargets(masks, classes, valid);
    }

    private static LossPoints Points(SafetensorsFile golden)
    {
        Tensor Stack(string name) => cat([.. Predictions.Select(p => Golden.Tensor(golden[$"train.{p}.{name}"]))]);
        var matcher = Predictions.SelectMany(p => Enumerable.Range(0, 4).Select(i => Golden.Tensor(golden[$"train.{p}.matcher_points.{i}"])));
        return new LossPoints(stack([.. matcher]), Stack("oversample_points"), Stack("random_points"));
    }

    private static IEnumerable<int> Ints(JsonElement array) => array.EnumerateArray().Select(e => e.GetInt32());
}
