using FreeMask.Randomness;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;
using Xunit;

namespace FreeMask.Vision.Tests.Placement;

public sealed class DonorBalanceTests(ITestOutputHelper output)
{
    private static readonly string[] Backgrounds =
        ["on the grass", "on the road", "on the water", "in the sky", "in the room", "in the snow", "on the sand", "in the forest"];

    private static readonly int[] Classes = [.. Enumerable.Range(1, 20)];

    [Fact]
    public void Classes_are_drawn_as_evenly_as_backgrounds_allow()
    {
        var thesaurus = SceneThesaurus.LoadDefault();
        var (before, after) = (Counts(null), Counts(DonorBalance.Of(Backgrounds, Classes, thesaurus, LabelSet.Voc)));
        foreach (var id in Classes) output.WriteLine($"{VocClasses.Names[id]}: {before[id]} before, {after[id]} after");
        // What fits nowhere is never drawn, before and after.
        Assert.Equal(Classes.Where(id => before[id] == 0), Classes.Where(id => after[id] == 0));
        var (shareBefore, shareAfter) = (LargestShare(before), LargestShare(after));
        output.WriteLine($"largest share {shareBefore:F3} before, {shareAfter:F3} after");
        Assert.True(shareAfter < 0.6 * shareBefore);
        Assert.True(Entropy(after) > Entropy(before));
    }

    [Fact]
    public void What_does_not_fit_stays_out()
    {
        var balance = DonorBalance.Of(Backgrounds, Classes, SceneThesaurus.LoadDefault(), LabelSet.Voc);
        var drawn = DonorSampler.Draw(Donors(), "in the sky", 1, 200, new CounterRandom(5, "donors"), balance: balance);
        Assert.NotEmpty(drawn);
        Assert.All(drawn, id => Assert.Contains(VocClasses.Names[id / 100], (string[])["aeroplane", "bird"]));
    }

    [Fact]
    public void An_unknown_background_has_the_factors_of_none()
    {
        var balance = DonorBalance.Of(["beside a xylophone"], Classes, SceneThesaurus.LoadDefault(), LabelSet.Voc);
        Assert.All(Classes, id => Assert.Equal(1, balance.Factor("beside a xylophone", id)));
    }

    private static List<(int Id, int ClassId)> Donors() =>
        [.. Classes.SelectMany(id => Enumerable.Range(0, 100).Select(n => ((id * 100) + n, id)))];

    /// <summary>How often each class is drawn first, over backgrounds and streams.</summary>
    private static int[] Counts(DonorBalance? balance)
    {
        var counts = new int[21];
        var donors = Donors();
        foreach (var background in Backgrounds)
        {
            for (var seed = 0ul; seed < 100; seed++)
            {
                var own = 1 + (int)(seed % 20);
                var drawn = DonorSampler.Draw(donors, background, own, 1, new CounterRandom(seed, background), balance: balance);
                if (drawn.Count > 0) counts[drawn[0] / 100]++;
            }
        }

        return counts;
    }

    private static double LargestShare(int[] counts) => counts.Max() / (double)counts.Sum();

    private static double Entropy(int[] counts) =>
        counts.Where(n => n > 0).Sum(n => -n / (double)counts.Sum() * Math.Log(n / (double)counts.Sum()));
}
