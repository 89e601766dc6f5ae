using System.Text.Json.Nodes;
using FreeMask.Diffusion.Conformance;
using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mask2Former.Conformance;
using FreeMask.Vision.Tests;
using Xunit;

namespace FreeMask.Training.Tests.Mask2Former;

/// <summary>Every model with golden data below the fixtures, whatever its backbone and sizes: each stage, each way to read the answer,
/// losses, gradients, steps.</summary>
public sealed class SegmenterConformanceTests
{
    private const string Absent = "(none)";

    /// <summary>Folders that hold a model and what its reference computed.</summary>
    public static TheoryData<string> Models
    {
        get
        {
            var root = Fixtures.Root("mask2former");
            string[] found = Directory.Exists(root)
                ?
                [
                    .. Directory
                        .EnumerateDirectories(root)
                        .Where(folder => File.Exists(Path.Combine(folder, "golden.json")))
                        .Select(folder => Path.GetFileName(folder)!)
                        .Order(StringComparer.Ordinal),
                ]
                : [];
            return [.. found.DefaultIfEmpty(Absent)];
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Every_quantity_is_within_its_tolerance(string model)
    {
        var golden = SegmenterGolden.Load(Folder(model));
        var report = SegmenterConformance.Measure(Folder(model), golden, TestContext.Current.CancellationToken);

        // The model ignores the mask of padding; all else that was recorded must have been looked at.
        Assert.DoesNotContain(golden.Unread, name => name != "b.pixel_mask");
        foreach (var row in report.Rows.Where(r => r.Difference > 0).OrderByDescending(r => r.Difference / r.Tolerance).Take(8))
            TestContext.Current.SendDiagnosticMessage($"{model}: {row.Quantity} {row.Difference:0.0e+0} of {row.Tolerance:0.0e+0}");
        var failed = report.Rows.Where(r => !r.Passed).ToArray();
        Assert.True(failed.Length == 0, $"{failed.Length} of {report.Rows.Count}: {string.Join("\n", failed.Take(20))}");
        foreach (
            var part in new[]
            {
                "a backbone.0",
                "b backbone.3",
                "a decoder.state.1",
                "a panoptic",
                "a instances",
                "direct map without padding",
                "a ONNX",
                "b ONNX",
                "sampling kernel gradient",
                "train ignore loss",
                "train matches",
                "after the steps",
            }
        )
            Assert.Contains(report.Rows, r => r.Quantity.Contains(part, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_changed_weight_is_seen_in_what_follows_from_it(string model)
    {
        var copy = Directory.CreateTempSubdirectory("freemask-conformance").FullName;
        var source = Folder(model);
        var weights = SafetensorsFile.Load(Path.Combine(source, "model.safetensors"));
        const string Changed = "model.transformer_module.queries_features.weight";
        new SafetensorsFile(
            weights.Tensors.Select(t =>
                t.Name == Changed ? NamedTensor.FromSingles(t.Name, t.Shape, t.ToSingles().Select(v => v + 0.01f).ToArray()) : t
            )
        ).Save(Path.Combine(copy, "model.safetensors"));
        foreach (var file in new[] { "config.json", "preprocessor_config.json" })
            File.Copy(Path.Combine(source, file), Path.Combine(copy, file));

        var report = Measure(model, copy);
        Assert.All(
            report.Rows.Where(r =>
                r.Quantity.Contains(" backbone", StringComparison.Ordinal) || r.Quantity.StartsWith("sampling", StringComparison.Ordinal)
            ),
            r => Assert.True(r.Passed, r.ToString())
        );
        Assert.All(
            report.Rows.Where(r => r.Quantity is "a masks queries logits" or "a decoder.state.0" or "train loss" or "train ignore loss"),
            r => Assert.False(r.Passed, r.ToString())
        );
        Directory.Delete(copy, recursive: true);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Golden_data_that_lack_a_field_are_refused(string model)
    {
        var (source, copy) = (Folder(model), Directory.CreateTempSubdirectory("freemask-conformance").FullName);
        File.Copy(Path.Combine(source, "golden.safetensors"), Path.Combine(copy, "golden.safetensors"));
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "golden.json")))!.AsObject();
        json.Remove("post");
        File.WriteAllText(Path.Combine(copy, "golden.json"), json.ToJsonString());
        Assert.Contains(
            "golden.json",
            Assert.Throws<FreeMaskException>(() => SegmenterConformance.Measure(source, copy)).Message,
            StringComparison.Ordinal
        );
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public void Golden_data_of_another_model_differ_in_one_quantity()
    {
        var folder = Directory.CreateTempSubdirectory("freemask-conformance").FullName;
        new Mask2FormerModel(Shapes.TinySwin, seed: 1).Save(folder);
        var row = Assert.Single(Measure(Models.First().Data, folder).Rows);
        Assert.False(row.Passed);
        Directory.Delete(folder, recursive: true);
    }

    internal static string Folder(string model)
    {
        Assert.SkipWhen(model == Absent, "golden fixtures are not on this machine; set FREEMASK_FIXTURES to their folder");
        return Fixtures.Path("mask2former", model);
    }

    private static ConformanceReport Measure(string model, string folder) =>
        SegmenterConformance.Measure(folder, Folder(model), TestContext.Current.CancellationToken);
}
