namespace FreeMask.Vision.Evaluation;

/// <summary>The scores of a sample that experiments compare, by their names in tables.</summary>
internal static class AgreementCriteria
{
    /// <summary>All of them, the paper's first.</summary>
    internal static IReadOnlyList<(string Name, Func<SampleAgreement, double> Of)> All { get; } =
    [
        ("iou", a => a.IoU),
        ("mask", a => a.Mask),
        ("mask-and-class", a => a.MaskAndClass),
        ("worst-object", a => a.WorstObject),
        ("boundary", a => a.Boundary),
    ];
}
