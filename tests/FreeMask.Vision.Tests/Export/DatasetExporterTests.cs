using System.Text.Json;
using FreeMask.Imaging;
using FreeMask.Vision.Export;
using Xunit;

namespace FreeMask.Vision.Tests.Export;

public sealed class DatasetExporterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_manifest_passes_metadata_through_and_the_card_counts()
    {
        using var folder = new TemporaryFolder();
        var options = new ExportOptions { Title = "Cats", Description = "A test.", Facts = [new("run", "r1")] };
        await DatasetExporter.WriteAsync(new VocExporter(), ExportData.Source(4), folder["out"], options, cancellationToken: Token);
        var lines = File.ReadAllLines(folder["out", DatasetExporter.ManifestName]);
        Assert.Equal(4, lines.Length);
        using var second = JsonDocument.Parse(lines[1]);
        Assert.Equal("sample_0001", second.RootElement.GetProperty("id").GetString());
        Assert.Equal("a cat 1", second.RootElement.GetProperty("prompt").GetString());
        var card = File.ReadAllText(folder["out", "README.md"]);
        Assert.Contains("# Cats", card, StringComparison.Ordinal);
        Assert.Contains("| 8 | cat | 4 |", card, StringComparison.Ordinal);
        Assert.Contains("| 15 | person | 4 |", card, StringComparison.Ordinal);
        Assert.Contains("- run: r1", card, StringComparison.Ordinal);
        Assert.True(ImageCodec.Load(folder["out", "preview.jpg"]).Width > 128);
    }

    [Fact]
    public async Task The_preview_has_the_colors_of_the_label_set()
    {
        var source = ExportData.Source(1);
        var sample = await source.Load(source.Items[0], Token);
        var cityscapes = LabelSet.Named("cityscapes");
        var statistics = new ExportStatistics(cityscapes, 1);
        statistics.Add(0, DatasetPart.Train, sample);

        var drawn = Assert.Single(statistics.Preview).Pixels;
        Assert.Equal(ImageOverlay.Draw(sample.Image, sample.Labels, cityscapes.Color).Pixels, drawn);
        Assert.NotEqual(ImageOverlay.Draw(sample.Image, sample.Labels).Pixels, drawn);
    }

    [Fact]
    public async Task Names_and_facts_stay_text_in_the_card()
    {
        using var folder = new TemporaryFolder();
        var options = new ExportOptions
        {
            Title = "Cats\n\n# <script>alert(1)</script>",
            Facts = [new("Model bundle", "a|b\n- seed: `9` [x](http://y)")],
        };
        await DatasetExporter.WriteAsync(new VocExporter(), ExportData.Source(1), folder["out"], options, cancellationToken: Token);
        var card = File.ReadAllLines(folder["out", "README.md"]);
        Assert.Equal("# Cats  # &lt;script&gt;alert(1)&lt;/script&gt;", card[0]);
        Assert.Contains("- Model bundle: a\\|b - seed: \\`9\\` \\[x\\](http://y)", card);
    }

    [Fact]
    public async Task The_same_source_gives_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in (string[])["a", "b"])
            await DatasetExporter.WriteAsync(
                new CocoExporter(),
                ExportData.Source(5),
                folder[name],
                new ExportOptions { Seed = 9 },
                cancellationToken: Token
            );
        foreach (var file in Directory.EnumerateFiles(folder["a"], "*", SearchOption.AllDirectories))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(folder["b", Path.GetRelativePath(folder["a"], file)]));
    }

    [Fact]
    public async Task A_failure_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        var source = new ExportSource(
            ExportData.Source(2).Items,
            (item, _) => item.Id.EndsWith('1') ? throw new FreeMaskException("broken") : ValueTask.FromResult(ExportData.Sample(0))
        );
        await Assert.ThrowsAsync<FreeMaskException>(() =>
            DatasetExporter.WriteAsync(new VocExporter(), source, folder["out"], new ExportOptions(), cancellationToken: Token)
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("")]
    [InlineData("a b")]
    public async Task Ids_that_cannot_be_file_names_are_refused(string id)
    {
        using var folder = new TemporaryFolder();
        var source = new ExportSource([new ExportItem(id, [])], (_, _) => ValueTask.FromResult(ExportData.Sample(0)));
        await Assert.ThrowsAsync<FreeMaskException>(() =>
            DatasetExporter.WriteAsync(new VocExporter(), source, folder["out"], new ExportOptions(), cancellationToken: Token)
        );
    }

    [Fact]
    public void An_object_with_pixels_of_another_class_is_refused() =>
        Assert.Contains(
            "object 1 of class 5",
            Assert
                .Throws<FreeMaskException>(() =>
                    ExportSample.Create(new RgbImage(2, 1), new LabelMap(2, 1, [5, 6]), new LabelMap(2, 1, [1, 1]), [5])
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void An_unknown_format_lists_the_known() =>
        Assert.Contains(
            "voc, coco",
            Assert.Throws<FreeMaskException>(() => DatasetExporter.Format("tar")).Message,
            StringComparison.Ordinal
        );
}
