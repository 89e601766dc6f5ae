using FreeMask.Cli.Bundles;
using FreeMask.Cli.Experiments;
using FreeMask.Cli.RunFiles;
using FreeMask.Grains.Domain;
using FreeMask.Imaging;
using FreeMask.Training.Mini.Stages;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

/// <summary>The generated images with masks by hand that the mini bundle ships.</summary>
public sealed class GeneratedSetTests : IDisposable
{
    private const string UpdateVariable = "FREEMASK_UPDATE_MASKS";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    internal static string Bundle => Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models", "mini");

    internal static string Shipped => GeneratedSet.FolderOf(Bundle)!;

    /// <summary>A set of some of the images that ship.</summary>
    internal static void Copy(string target, Func<string, string> row, params IReadOnlyList<string> names)
    {
        foreach (var part in (string[])["JPEGImages", "SegmentationClass"])
        {
            Directory.CreateDirectory(Path.Combine(target, part));
            foreach (var file in Directory.EnumerateFiles(Path.Combine(Shipped, part)))
                if (names.Contains(Path.GetFileNameWithoutExtension(file)))
                    File.Copy(file, Path.Combine(target, part, Path.GetFileName(file)));
        }

        foreach (var table in (string[])[HeldOutSet.CaptionFile, GeneratedSet.TableFile])
        {
            var lines = File.ReadAllLines(Path.Combine(Shipped, table));
            var chosen = lines.Skip(1).Where(line => names.Contains(line.Split('\t')[0]));
            File.WriteAllLines(
                Path.Combine(target, table),
                [lines[0], .. table == GeneratedSet.TableFile ? chosen.Select(row) : chosen]
            );
        }
    }

    [Fact]
    public void The_images_are_the_first_three_of_each_class_of_the_quickstart()
    {
        var file = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "examples", "quickstart.yaml");
        var spec = RunFile.Parse(
            File.ReadAllText(file),
            file,
            BundleCatalog.Locate(_ => Path.GetDirectoryName(Bundle)).ResolverAt(Path.GetDirectoryName(file)!)
        );
        var images = GeneratedSet.Read(Shipped);
        Assert.Equal(60, images.Count);
        Assert.All(images.GroupBy(image => image.Plan.Class), group => Assert.Equal(3, group.Count()));
        for (var i = 0; i < images.Count; i++)
        {
            Assert.Equal(SamplePlanner.Plan(spec, 0, i) with { Background = "" }, images[i].Plan);
            Assert.Equal(0, images[i].Attempt);
            Assert.Equal((spec.Generation.Steps, spec.Generation.Guidance), (images[i].Generation.Steps, images[i].Generation.Guidance));
        }
    }

    [Fact]
    public void Every_mask_equals_its_polygons()
    {
        var images = GeneratedSet.Read(Shipped);
        var masks = images
            .Where(image => image.Verdict == MaskVerdict.Object)
            .ToDictionary(image => image.Name, _ => new LabelMap(128, 128));
        var table = HeldOutSet.ReadTable(Path.Combine(Shipped, "polygons.tsv"), "three columns: name, kind, points", columns: 3);
        foreach (var row in table)
        {
            var label = row[1] switch
            {
                "add" => (byte)images.Single(image => image.Name == row[0]).Plan.ClassIndex,
                "hole" => LabelMap.Background,
                "ignore" => LabelMap.Ignore,
                _ => throw new InvalidDataException(row[1]),
            };
            double[] points = [.. row[2].Split(' ', ',').Select(double.Parse)];
            Assert.All(points, value => Assert.InRange(value, 0, 128));
            var mask = masks[row[0]];
            var inside = RunLengthMask.FromPolygon(points, mask.Width, mask.Height).Decode();
            for (var i = 0; i < inside.Length; i++)
                if (inside[i] != 0)
                    mask.Labels[i] = label;
        }

        var folder = Path.Combine(Shipped, "SegmentationClass");
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            foreach (var (name, mask) in masks) IndexedPng.Save(mask, Path.Combine(folder, name + ".png"));
        Assert.Equal(masks.Keys.Order(), Directory.EnumerateFiles(folder).Select(file => Path.GetFileNameWithoutExtension(file)).Order());
        foreach (var (name, mask) in masks)
        {
            var stored = IndexedPng.Load(Path.Combine(folder, name + ".png"));
            Assert.True(
                stored.Labels.SequenceEqual(mask.Labels),
                $"{name}.png is not what its polygons give. {UpdateVariable}=1 writes it anew."
            );
        }
    }

    [Fact]
    public void The_list_has_the_images_with_a_mask_and_each_shows_its_class()
    {
        var images = GeneratedSet.Read(Shipped).Where(image => image.Verdict == MaskVerdict.Object).ToList();
        Assert.Equal(images.Select(image => image.Name), VocFolder.OpenAsVoc(Shipped, HeldOutSet.SingleSplit).Entries.Select(e => e.Id));
        foreach (var image in images)
        {
            var scene = GeneratedSet.Load(Shipped, image);
            scene.Sample.Require(Vision.VocClasses.Names.Count);
            Assert.All(
                scene.Sample.Labels.Labels.Distinct(),
                label => Assert.Contains(label, (byte[])[LabelMap.Background, (byte)scene.ClassId, LabelMap.Ignore])
            );
            Assert.InRange(scene.Sample.Labels.Labels.Count(label => label == scene.ClassId), 200, 128 * 128 / 2);
        }
    }

    [Theory]
    [InlineData("single_0001\tx\t1\t0\t20\t3\tobject\t-")]
    [InlineData("single_0001\t7\t1\t0\t20\t3\tdoubtful\t-")]
    [InlineData("single_9999\t7\t1\t0\t20\t3\tobject\t-")]
    public void A_wrong_row_is_named(string row)
    {
        Copy(_folder.Path("set"), _ => row, "single_0001");
        var error = Assert.Throws<FreeMaskException>(() => GeneratedSet.Read(_folder.Path("set")));
        Assert.Contains(row.Split('\t')[6], error.Message, StringComparison.Ordinal);
        Assert.Contains(GeneratedSet.TableFile, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_corrected_mask_changes_the_hash_and_a_readme_does_not()
    {
        var folder = _folder.Path("set");
        Copy(folder, row => row, "single_0001");
        var hash = GeneratedSet.Hash(folder);
        File.WriteAllText(Path.Combine(folder, "README.md"), "text");
        Assert.Equal(hash, GeneratedSet.Hash(folder));
        IndexedPng.Save(new(128, 128), Path.Combine(folder, "SegmentationClass", "single_0001.png"));
        Assert.NotEqual(hash, GeneratedSet.Hash(folder));
    }

    [Fact]
    public void Results_on_other_sets_stay_valid_when_the_set_changes()
    {
        var model = _folder.Path("bundle");
        Directory.CreateDirectory(Path.Combine(model, "heldout", "twemoji"));
        File.WriteAllText(Path.Combine(model, "heldout", "twemoji", "captions.tsv"), "name");
        var before = ExperimentSettings.Of(model, (string?)null).HeldOut;
        Directory.CreateDirectory(Path.Combine(model, "heldout", GeneratedSet.FolderName));
        File.WriteAllText(Path.Combine(model, "heldout", GeneratedSet.FolderName, "captions.tsv"), "name");
        Assert.Equal(before, ExperimentSettings.Of(model, (string?)null).HeldOut);
        File.WriteAllText(Path.Combine(model, "heldout", "twemoji", "art.tsv"), "name");
        Assert.NotEqual(before, ExperimentSettings.Of(model, (string?)null).HeldOut);
    }

    [Fact]
    public void No_test_set_of_segmenters_is_among_the_generated_images() =>
        Assert.DoesNotContain(TestSet.Folders(Bundle), set => Path.GetFullPath(set.Folder) == Path.GetFullPath(Shipped));
}
