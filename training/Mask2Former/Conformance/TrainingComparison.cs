using System.Text.Json;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former.Conformance;

/// <summary>
/// The training batch with the recorded points: losses, costs, matches and gradients, as the reference has them and with pixels of unknown
/// label left out; then three optimizer steps.
/// </summary>
/// <param name="golden">The reference.</param>
/// <param name="folder">The model's folder; each part starts from its weights.</param>
/// <param name="mode"><c>train</c>, or <c>train_frozen_norm</c> for batch norms on their running statistics.</param>
/// <param name="rows">Takes the differences.</param>
internal sealed class TrainingComparison(SegmenterGolden golden, string folder, string mode, ConformanceRows rows)
{
    private const double TermTolerance = 1e-5, TotalTolerance = 1e-4, ParameterTolerance = 5e-6;

    // Gradients that are zero in theory hold rounding noise below this.
    private const double Noise = 1e-4;

    internal void Compare()
    {
        if (!golden.Json.TryGetProperty(mode, out var recorded)) return;
        CompareLosses(recorded, "", ignoreAware: false);
        if (recorded.TryGetProperty("ignore", out var ignore)) CompareLosses(ignore, "ignore.", ignoreAware: true);
        CompareSteps(recorded);
    }

    private void CompareLosses(JsonElement recorded, string variant, bool ignoreAware)
    {
        using var scope = NewDisposeScope();
        using var model = Start();
        var (prefix, title) = ($"{mode}.{variant}", $"{mode} {variant.TrimEnd('.')}".TrimEnd());
        var (targets, points) = (golden.Targets(ignoreAware), golden.Points(model.Config));
        var criterion = new SetCriterion(model.Config, model.ClassWeights);
        var output = model.Run(golden.Batch).Decoder.Predictions;
        if (!ignoreAware)
        {
            rows.Close($"{title} class queries logits", golden[$"{mode}.class_queries_logits"], output[^1].Classes);
            rows.Close($"{title} masks queries logits", golden[$"{mode}.masks_queries_logits"], output[^1].Masks);
        }

        CompareCosts(model, criterion, output, targets, points, prefix, title);
        var loss = criterion.Compute(output, targets, points);
        CompareTerms(model.Config, loss, recorded, title);
        CompareMatches(model.Config, loss, recorded.GetProperty("matches"), title);
        CompareChosen(model.Config, loss, recorded, prefix, title);
        loss.Total.backward();
        var parameters = model.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter, StringComparer.Ordinal);
        rows.Worst($"{title} gradient norms", recorded.GetProperty("gradient_norms").EnumerateObject().Select(norm =>
            (Math.Abs(norm.Value.GetDouble() - Norm(parameters[norm.Name].grad!)), Tolerance(norm.Value.GetDouble()))));
        var stored = prefix + "gradient.";
        foreach (var name in golden.Names.Where(name => name.StartsWith(stored, StringComparison.Ordinal)))
            rows.Values(
                $"{title} gradient of {name[stored.Length..]}",
                golden[name],
                parameters[name[stored.Length..]].grad!,
                Tolerance(golden[name].ToSingles().Max(Math.Abs))
            );
    }

    private void CompareCosts(
        Mask2FormerModel model,
        SetCriterion criterion,
        IReadOnlyList<Prediction> output,
        SegmentationTargets targets,
        PointSampling points,
        string prefix,
        string title
    )
    {
        Prediction[] ordered = [output[^1], .. output.Take(output.Count - 1)];
        var costs = criterion.Costs(
            cat([.. ordered.Select(p => p.Classes)]),
            cat([.. ordered.Select(p => p.Masks)]),
            targets,
            points.Matcher
        );
        var predictions = SegmenterGolden.Predictions(model.Config);
        for (var p = 0; p < predictions.Length; p++)
            for (var image = 0; image < golden.Images; image++)
                foreach (var (name, all) in new[] { ("cost_mask", costs.Mask), ("cost_dice", costs.Dice), ("cost", costs.Total) })
                    if (golden.Has($"{prefix}{predictions[p]}.{name}.{image}"))
                        rows.Close(
                            $"{title} {predictions[p]} {name.Replace('_', ' ')} {image}",
                            golden[$"{prefix}{predictions[p]}.{name}.{image}"],
                            all[(p * golden.Images) + image].narrow(1, 0, targets.Classes[image].Count));
    }

    private void CompareTerms(Mask2FormerConfig config, SetLoss loss, JsonElement recorded, string title)
    {
        (string Name, Tensor Values, double Weight)[] terms =
        [
            ("loss_cross_entropy", loss.Class, config.ClassWeight),
            ("loss_mask", loss.Mask, config.MaskWeight),
            ("loss_dice", loss.Dice, config.DiceWeight),
        ];
        foreach (var (name, values, weight) in terms)
            for (var p = 0; p < values.shape[0]; p++)
            {
                var (field, value) = (name + Suffix(p), values[p].item<float>());
                rows.Number(
                    $"{title} {field}",
                    recorded.GetProperty("losses_unweighted").GetProperty(field).GetDouble(),
                    value,
                    TermTolerance
                );
                if (recorded.TryGetProperty("losses_weighted", out var weighted))
                    rows.Number(
                        $"{title} weighted {field}",
                        weighted.GetProperty(field).GetDouble(),
                        weight * value,
                        TermTolerance * Math.Max(1, weight)
                    );
            }

        rows.Number($"{title} loss", recorded.GetProperty("loss_total").GetDouble(), loss.Total.item<float>(), TotalTolerance);
    }

    private void CompareMatches(Mask2FormerConfig config, SetLoss loss, JsonElement recorded, string title)
    {
        var differing = 0;
        foreach (var (prediction, p) in SegmenterGolden.Predictions(config).Select((name, p) => (name, p)))
            for (var image = 0; image < golden.Images; image++)
            {
                var expected = recorded.GetProperty(prediction)[image];
                var wanted = SegmenterGolden
                    .Ints(expected.GetProperty("query"))
                    .Zip(SegmenterGolden.Ints(expected.GetProperty("target")))
                    .ToHashSet();
                wanted.SymmetricExceptWith(
                    loss.Pairs.Where(pair => pair.Row == (p * golden.Images) + image).Select(pair => (pair.Query, pair.Target))
                );
                differing += wanted.Count;
            }

        rows.Count($"{title} matches", differing);
    }

    /// <summary>The points used in the end, as sets: uncertainties that are equal up to rounding may swap places.</summary>
    private void CompareChosen(Mask2FormerConfig config, SetLoss loss, JsonElement recorded, string prefix, string title)
    {
        var predictions = SegmenterGolden.Predictions(config);
        if (!golden.Has($"{prefix}{predictions[0]}.loss_points")) return;
        var parts = loss.Points.chunk(predictions.Length, 0);
        for (var p = 0; p < predictions.Length; p++)
        {
            var expected = golden[$"{prefix}{predictions[p]}.loss_points"];
            var (want, got, length) = (expected.ToSingles(), ConformanceRows.Values(parts[p]), (int)(2 * expected.Shape[1]));
            long differing = 0;
            for (var row = 0; row < expected.Shape[0]; row++)
            {
                var points = Points(want.AsSpan(row * length, length));
                points.SymmetricExceptWith(Points(got.AsSpan(row * length, length)));
                differing += points.Count;
            }

            var gap = recorded.TryGetProperty("smallest_gap_at_the_uncertainty_cut", out var gaps) ? gaps[p].GetDouble() : 0;
            rows.Count($"{title} {predictions[p]} loss points", differing, gap > TotalTolerance ? 0 : 2 * expected.Shape[0]);
        }
    }

    private void CompareSteps(JsonElement recorded)
    {
        using var scope = NewDisposeScope();
        using var model = Start();
        var before = model
            .named_parameters()
            .ToDictionary(entry => entry.name, entry => entry.parameter.detach().clone(), StringComparer.Ordinal);
        var settings = recorded.GetProperty("optimiser");
        var rate = settings.GetProperty("lr").GetDouble();
        var parameters = SegmenterOptimizer.Parameters(
            model, settings.GetProperty("backbone_lr").GetDouble() / rate, settings.GetProperty("weight_decay").GetDouble());
        var rules = settings.GetProperty("per_parameter_lr_and_decay");
        rows.Count(
            $"{mode} parameters of another learning rate or decay",
            parameters.Count(p =>
                Math.Abs(rules.GetProperty(p.Name)[0].GetDouble() - (rate * p.RateFactor)) > 1e-12
                || rules.GetProperty(p.Name)[1].GetDouble() != p.WeightDecay
            )
        );
        var (targets, points) = (golden.Targets(ignoreAware: false), golden.Points(model.Config));
        var criterion = new SetCriterion(model.Config, model.ClassWeights);
        SetLoss Loss() => criterion.Compute(model.Run(golden.Batch).Decoder.Predictions, targets, points);

        using var optimizer = new FlatAdamW(parameters);
        foreach (var (step, i) in recorded.GetProperty("steps").EnumerateArray().Select((step, i) => (step, i + 1)))
        {
            using var inner = NewDisposeScope();
            optimizer.ZeroGradients();
            var loss = Loss();
            loss.Total.backward();
            rows.Number(
                $"{mode} loss before step {i}",
                step.GetProperty("loss_before_step").GetDouble(),
                loss.Total.item<float>(),
                TotalTolerance
            );
            var norm = step.GetProperty("gradient_norm_before_clip").GetDouble();
            rows.Number(
                $"{mode} gradient norm before step {i}",
                norm,
                optimizer.ClipGradients(settings.GetProperty("clip_global_norm").GetDouble()),
                Tolerance(norm)
            );
            optimizer.Step(rate);
        }

        using (no_grad())
            rows.Number(
                $"{mode} loss after the steps",
                recorded.GetProperty("loss_after_steps").GetDouble(),
                Loss().Total.item<float>(),
                TotalTolerance
            );
        CompareParameters(model, before, recorded);
    }

    private void CompareParameters(Mask2FormerModel model, Dictionary<string, Tensor> before, JsonElement recorded)
    {
        var state = model.state_dict();
        var norms = recorded.GetProperty("gradient_norms");
        bool IsNoise(string name) => norms.TryGetProperty(name, out var norm) && norm.GetDouble() < Noise;
        var stored = $"{mode}.after_steps.";
        foreach (
            var name in golden.Names.Where(name => name.StartsWith(stored, StringComparison.Ordinal) && !IsNoise(name[stored.Length..]))
        )
        {
            var (parameter, expected) = (name[stored.Length..], golden[name]);
            if (before.ContainsKey(parameter))
                rows.Values($"{mode} after the steps {parameter}", expected, state[parameter], ParameterTolerance);
            else
                rows.Close($"{mode} after the steps {parameter}", expected, state[parameter]);
        }

        var all = recorded.GetProperty("after_steps").EnumerateObject().Where(entry => !IsNoise(entry.Name)).Select(entry =>
        {
            var value = state[entry.Name].to_type(ScalarType.Float64);
            var change = Norm(value - before[entry.Name].to_type(ScalarType.Float64));
            var (elements, wanted) = (value.numel(), entry.Value.GetProperty("change_norm").GetDouble());
            return (
                Sum: (Math.Abs(entry.Value.GetProperty("sum").GetDouble() - value.sum().item<double>()), elements * ParameterTolerance),
                Norm: (Math.Abs(entry.Value.GetProperty("norm").GetDouble() - Norm(value)), Math.Sqrt(elements) * ParameterTolerance),
                Change: (Math.Abs(wanted - change), (Math.Sqrt(elements) * ParameterTolerance) + (1e-2 * wanted)));
        }).ToArray();
        rows.Worst($"{mode} sums of parameters after the steps", all.Select(entry => entry.Sum));
        rows.Worst($"{mode} norms of parameters after the steps", all.Select(entry => entry.Norm));
        rows.Worst($"{mode} norms of what the steps changed", all.Select(entry => entry.Change));
    }

    private Mask2FormerModel Start()
    {
        var model = Mask2FormerModel.Load(folder);
        model.train();
        model.FreezeNormalization(mode == "train_frozen_norm");
        return model;
    }

    private static string Suffix(int prediction) => prediction == 0 ? "" : $"_{prediction - 1}";

    private static double Tolerance(double gradient) => (1e-3 * gradient) + 1e-5;

    private static double Norm(Tensor value) => value.to_type(ScalarType.Float64).norm().item<double>();

    private static HashSet<(float X, float Y)> Points(ReadOnlySpan<float> values)
    {
        var points = new HashSet<(float, float)>();
        for (var i = 0; i < values.Length; i += 2) points.Add((values[i], values[i + 1]));
        return points;
    }
}
