using FreeMask.Vision.Thesaurus;

namespace FreeMask.Vision.Placement;

/// <summary>
/// Factors of the weights by which <see cref="DonorSampler"/> draws classes, so that over all backgrounds of a run every class is pasted
/// as often as the others, as far as backgrounds allow it. Without them a class that fits everywhere, such as a person, crowds out those
/// that fit in one place. Found by scaling the table of weights (background by class) in turn to equal sums of its columns and of its rows
/// (Sinkhorn and Knopp, 1967); a weight of zero stays zero, so that nothing is pasted where it does not fit.
/// </summary>
internal sealed class DonorBalance
{
    private const int Iterations = 100;

    private readonly Dictionary<(string Background, int ClassId), double> _factors = [];

    private DonorBalance()
    {
    }

    /// <summary>Leaves every weight as it is.</summary>
    public static DonorBalance None { get; } = new();

    /// <summary>Balances the classes of a run over its backgrounds, which are drawn equally often.</summary>
    /// <param name="backgrounds">The backgrounds in words; those of no known scene are left out.</param>
    /// <param name="classes">The classes of the donors.</param>
    /// <param name="thesaurus">What fits.</param>
    /// <param name="labels">What is known of the classes.</param>
    public static DonorBalance Of(
        IReadOnlyList<string> backgrounds, IReadOnlyList<int> classes, SceneThesaurus thesaurus, LabelSet labels)
    {
        ArgumentNullException.ThrowIfNull(backgrounds);
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(thesaurus);
        ArgumentNullException.ThrowIfNull(labels);
        string[] known = [.. backgrounds.Distinct(StringComparer.Ordinal).Where(background => thesaurus.Find(background) is not null)];
        var weights = Array.ConvertAll(known, background =>
        {
            var scene = thesaurus.Find(background)!;
            return classes.Select(id => DonorSampler.SceneWeight(scene, labels[id], thesaurus)).ToArray();
        });
        var scaled = Array.ConvertAll(weights, row => (double[])row.Clone());
        var fitting = Enumerable.Range(0, classes.Count).Where(c => weights.Any(row => row[c] > 0)).ToArray();
        for (var i = 0; i < Iterations; i++)
        {
            foreach (var c in fitting)
            {
                var sum = scaled.Sum(row => row[c]);
                foreach (var row in scaled) row[c] *= known.Length / (sum * fitting.Length);
            }

            foreach (var row in scaled)
            {
                var sum = row.Sum();
                for (var c = 0; sum > 0 && c < row.Length; c++) row[c] /= sum;
            }
        }

        var balance = new DonorBalance();
        for (var s = 0; s < known.Length; s++)
        {
            foreach (var c in fitting.Where(c => weights[s][c] > 0))
                balance._factors[(known[s], classes[c])] = scaled[s][c] / weights[s][c];
        }

        return balance;
    }

    /// <summary>The factor of a class in a background; 1 where nothing is known.</summary>
    internal double Factor(string? background, int classId) =>
        background is null ? 1 : _factors.GetValueOrDefault((background, classId), 1);
}
