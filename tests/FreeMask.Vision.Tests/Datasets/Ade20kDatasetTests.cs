using FreeMask.Imaging;
using FreeMask.Vision.Datasets;
using FreeMask.Vision.Evaluation;
using Xunit;

namespace FreeMask.Vision.Tests.Datasets;

public sealed class Ade20kDatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public Ade20kDatasetTests()
    {
        var ids = new[] { "other", "person", "car", "bus", "wall" }.Select(n => n == "other" ? (byte)0 : Id(n)).ToArray();
        Write("validation", "ADE_val_00000001", ids);
        Write("training", "ADE_train_00000001", [Id("wall")]);
    }

    public void Dispose() => _folder.Dispose();

    private string At(params string[] parts) => Path.Combine([_folder.Path, .. parts]);

    [Fact]
    public void The_layout_is_recognized_and_other_objects_are_unknown()
    {
        var data = LabeledDataset.OpenToMeasure(At());

        Assert.Equal(("ade20k", 1, "ADE_val_00000001"), (data.Format, data.Count, data.IdOf(0)));
        Assert.Equal([255, Id("person"), Id("car"), Id("bus"), Id("wall")], data.Load(0).Labels.Labels);
        Assert.Equal("ADE_train_00000001", LabeledDataset.Open(At()).IdOf(0));
        Assert.Equal("ADE_val_00000001", LabeledDataset.Open(At(), "ade20k", "validation").IdOf(0));
    }

    [Fact]
    public void Bus_car_and_person_are_counted_and_all_else_is_background()
    {
        var protocol = EvaluationProtocol.Of(EvaluationProtocol.BusCarPerson, LabelSet.Voc, ["bus", "car", "person"]);

        Assert.Equal([255, 3, 2, 1, 0], protocol.Open(At(), null, null, []).Load(0).Labels.Labels);
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        var part = Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(At(), "ade20k", "test"));
        Assert.Contains("images/test and annotations/test", part.Message, StringComparison.Ordinal);
        File.Delete(At("annotations", "training", "ADE_train_00000001.png"));
        var labels = Assert.Throws<FreeMaskException>(() => LabeledDataset.Open(At()));
        Assert.Contains("ADE_train_00000001.png does not exist", labels.Message, StringComparison.Ordinal);
    }

    private static byte Id(string name) => (byte)LabelSet.Named("ade20k").IndexOf(name);

    private void Write(string part, string name, byte[] labels)
    {
        Directory.CreateDirectory(At("images", part));
        Directory.CreateDirectory(At("annotations", part));
        File.WriteAllBytes(At("images", part, name + ".jpg"), ImageCodec.EncodeJpeg(new RgbImage(labels.Length, 1)));
        File.WriteAllBytes(
            At("annotations", part, name + ".png"),
            IndexedPng.EncodeGrey(new LabelMap(labels.Length, 1, labels))
        );
    }
}
