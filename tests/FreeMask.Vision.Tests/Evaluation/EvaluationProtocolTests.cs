using FreeMask.Imaging;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Evaluation;

public sealed class EvaluationProtocolTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string At(params string[] parts) => Path.Combine([_folder.Path, .. parts]);

    [Fact]
    public void Zero_shot_counts_seen_and_unseen_classes_apart()
    {
        var protocol = EvaluationProtocol.Of(EvaluationProtocol.ZeroShot, LabelSet.Voc, ["sheep", "train"]);
        var (sheep, train) = (LabelSet.Voc.IndexOf("sheep"), LabelSet.Voc.IndexOf("train"));
        // Background is right; cat (seen) is half found; sheep is half found, train not at all: taken for a cat.
        var counts = Count(
            (0, 0, 100),
            (8, 8, 50),
            (8, 0, 50),
            (sheep, sheep, 50),
            (sheep, 0, 50),
            (train, 8, 100)
        );

        var split = protocol.Split(counts)!;
        Assert.Equal(50.0 / 200, split.Seen, 9);
        Assert.Equal(0.25, split.Unseen, 9);
        Assert.Equal(0.25, split.Harmonic, 9);
        // The mean counts background too: 100 of 200, as all pixels that were taken for background are wrong.
        Assert.Equal((0.5 + 0.25 + 0.5 + 0) / 4, protocol.MeanIoU(counts), 9);
        Assert.Null(EvaluationProtocol.Of(EvaluationProtocol.All, LabelSet.Voc, ["sheep"]).Split(counts));
    }

    [Theory]
    [InlineData("cityscapes")]
    [InlineData("voc")]
    [InlineData("coco")]
    public void Human_and_vehicle_are_merged_from_any_label_set_that_has_them(string name)
    {
        var labels = LabelSet.Named(name);
        var protocol = EvaluationProtocol.Of(EvaluationProtocol.HumanVehicle, labels, []);
        string[] names = ["person", "car", "bus", "bicycle", "person"];
        var prediction = new LabelMap(5, 1, [.. names.Select(c => (byte)labels.IndexOf(c))]);

        Assert.Equal([1, 2, 2, 0, 1], protocol.Translation()!.Apply(prediction).Labels);
        Assert.Equal([1, 2], protocol.Counted);
        // Background, which is right on 100 pixels, does not raise the mean.
        Assert.Equal(0.75, protocol.MeanIoU(Count(3, (0, 0, 100), (1, 1, 10), (2, 2, 10), (2, 1, 0), (2, 0, 10))), 9);
    }

    [Fact]
    public void A_merge_of_the_label_set_itself_needs_no_translation()
    {
        var merged = LabelSet.Named("cityscapes-human-vehicle");
        Assert.Null(EvaluationProtocol.Of(EvaluationProtocol.HumanVehicle, merged, merged.Names.Skip(1).ToList()).Translation());
    }

    [Fact]
    public void A_protocol_that_the_label_set_cannot_answer_is_refused()
    {
        var own = LabelSet.Own(["person", "forklift"]);
        Assert.Contains("'vehicle'", Message(EvaluationProtocol.HumanVehicle, own, ["person"]), StringComparison.Ordinal);
        Assert.Contains("'bus'", Message(EvaluationProtocol.BusCarPerson, own, ["person"]), StringComparison.Ordinal);
        Assert.Contains("unseen", Message(EvaluationProtocol.ZeroShot, own, ["person", "forklift"]), StringComparison.Ordinal);
        Assert.Contains("no protocol 'other'", Message("other", own, ["person"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_that_a_protocol_does_not_count_are_background_in_a_data_set()
    {
        Write("a", [0, 6, 7, 15, 8, 255]);
        string[] classes = ["car", "person"];
        var data = EvaluationProtocol.Of(EvaluationProtocol.Classes, LabelSet.Voc, classes).Open(At(), null, null, []);
        Assert.Equal([0, 0, 1, 2, 0, 255], data.Load(0).Labels.Labels);

        var merged = EvaluationProtocol.Of(EvaluationProtocol.HumanVehicle, LabelSet.Voc, classes).Open(At(), "voc", null, []);
        Assert.Equal([0, 2, 2, 1, 0, 255], merged.Load(0).Labels.Labels);
        Assert.Empty(EvaluationProtocol.Of(EvaluationProtocol.HumanVehicle, LabelSet.Voc, classes).Missing(merged));
    }

    [Fact]
    public void Real_images_hide_the_pixels_of_unseen_classes()
    {
        Write("a", [0, 6, 17, 15, 8, 255]);
        var zeroShot = EvaluationProtocol.Of(EvaluationProtocol.ZeroShot, LabelSet.Voc, ["sheep", "train"]);

        Assert.Equal([0, 6, 255, 15, 8, 255], zeroShot.OpenReal(At(), null, []).Load(0).Labels.Labels);
        // Whoever measures sees them.
        Assert.Equal([0, 6, 17, 15, 8, 255], zeroShot.Open(At(), null, null, []).Load(0).Labels.Labels);
    }

    [Fact]
    public void A_data_set_without_a_class_of_the_protocol_is_told()
    {
        Write("a", [0, 1, 2, 0, 0, 0]);
        File.WriteAllText(At("labelmap.txt"), "background:0,0,0::\nbus:1,1,1::\nperson:2,2,2::\n");
        var protocol = EvaluationProtocol.Of(EvaluationProtocol.BusCarPerson, LabelSet.Voc, []);

        Assert.Equal(["car"], protocol.Missing(protocol.Open(At(), null, null, [])));
    }

    [Fact]
    public void The_hash_of_a_data_set_follows_its_contents_and_names()
    {
        Write("a", [0, 1, 2, 0, 0, 0]);
        Write("b", [0, 1, 2, 0, 0, 0]);
        var all = EvaluationProtocol.Of(EvaluationProtocol.All, LabelSet.Voc, ["cat"]);
        string Hash() => all.OpenReal(At(), null, []).Hash();

        var before = Hash();
        Assert.Equal(64, before.Length);
        Assert.Equal(before, Hash());
        Write("b", [0, 1, 2, 3, 0, 0]);
        var changed = Hash();
        Assert.NotEqual(before, changed);
        File.Move(At("JPEGImages", "b.png"), At("JPEGImages", "c.png"));
        File.Move(At("SegmentationClass", "b.png"), At("SegmentationClass", "c.png"));
        Assert.NotEqual(changed, Hash());
    }

    private static string Message(string name, LabelSet labels, IReadOnlyList<string> classes) =>
        Assert.Throws<FreeMaskException>(() => EvaluationProtocol.Of(name, labels, classes)).Message;

    private static ConfusionMatrix Count(params (int Truth, int Prediction, int Pixels)[] pixels) => Count(21, pixels);

    private static ConfusionMatrix Count(int classes, params (int Truth, int Prediction, int Pixels)[] pixels)
    {
        var matrix = new ConfusionMatrix(classes);
        foreach (var (truth, prediction, count) in pixels)
            if (count > 0)
                matrix.Add(
                    new LabelMap(count, 1, [.. Enumerable.Repeat((byte)truth, count)]),
                    new LabelMap(count, 1, [.. Enumerable.Repeat((byte)prediction, count)])
                );
        return matrix;
    }

    private void Write(string name, byte[] labels)
    {
        Directory.CreateDirectory(At("JPEGImages"));
        Directory.CreateDirectory(At("SegmentationClass"));
        File.WriteAllBytes(At("JPEGImages", name + ".png"), ImageCodec.EncodePng(new RgbImage(labels.Length, 1)));
        File.WriteAllBytes(
            At("SegmentationClass", name + ".png"),
            IndexedPng.EncodeGrey(new LabelMap(labels.Length, 1, labels))
        );
    }
}
