using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;

namespace FreeMask.Dashboard.Services;

/// <summary>An object that was pasted into a sample.</summary>
/// <param name="Class">Its class.</param>
/// <param name="Donor">The index of the sample of the same round that it was cut from.</param>
/// <param name="Place">The score of its place, in [0, 1]; null where the record does not tell.</param>
/// <param name="Places">The places that were tried for it; null where the record does not tell.</param>
internal sealed record PastedObjectView(string Class, int Donor, double? Place, ObjectPlaces? Places)
{
    /// <summary>The pasted objects of a sample, back to front; none for records of versions that did not name donors.</summary>
    internal static IReadOnlyList<PastedObjectView> Of(SampleRecord sample, RunSpec spec)
    {
        var facts = sample.Facts.ToDictionary(f => f.Name, f => f.Value, StringComparer.Ordinal);
        var pasted = new List<PastedObjectView>();
        while (facts.TryGetValue(FactNames.DonorOf(pasted.Count + 1), out var donor))
        {
            var index = (int)donor;
            double? place = facts.TryGetValue(FactNames.PlaceOf(pasted.Count + 1), out var score) ? score : null;
            var places = pasted.Count < sample.Places.Length ? sample.Places[pasted.Count] : null;
            pasted.Add(new PastedObjectView(SamplePlanner.ClassOf(spec, sample.Round, index), index, place, places));
        }

        return pasted;
    }
}
