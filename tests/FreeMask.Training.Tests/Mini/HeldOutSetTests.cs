using FreeMask.Training.Mini.Stages;
using FreeMask.Vision;
using FreeMask.Vision.Datasets;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

public sealed class HeldOutSetTests
{
    [Fact]
    public void The_set_is_in_VOCs_layout_with_every_class_in_turn()
    {
        var directory = Directory.CreateTempSubdirectory("freemask-heldout").FullName;
        HeldOutSet.Write(MiniArt.Require(), directory, perSplit: 20);
        var captions = HeldOutSet.ReadCaptions(directory);
        var single = VocFolder.Open(directory, HeldOutSet.SingleSplit).LoadAll().ToArray();
        Assert.Equal(20, single.Length);
        for (var i = 0; i < single.Length; i++)
        {
            var (objects, caption) = captions[single[i].Id];
            Assert.Equal(VocClasses.Names[i + 1], objects);
            Assert.Contains(VocClasses.PromptWords(objects), caption);
            Assert.Equal<byte>([0, (byte)(i + 1)], single[i].Labels.Labels.Distinct().Order());
        }

        foreach (var scene in VocFolder.Open(directory, HeldOutSet.MultipleSplit).LoadAll())
        {
            var expected = captions[scene.Id].Objects.Split(',').Select(name => (byte)VocClasses.IndexOf(name)).Distinct().Order();
            Assert.Equal(expected, scene.Labels.Labels.Where(label => label != 0).Distinct().Order());
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void A_missing_table_is_named()
    {
        var error = Assert.Throws<FreeMaskException>(() => HeldOutSet.ReadCaptions("/nowhere"));
        Assert.Contains("captions.tsv", error.Message);
    }
}
