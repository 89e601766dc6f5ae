namespace FreeMask.Vision.Evaluation;

/// <summary>The scores of a sample that experiments compare, by their names in tables.</summary>
internal static class AgreementCriteria
{
    /// <summary>The name of <see cref="Segmentation.PredictionCertainty"/>, which is no agreement: it asks nothing of the label.</summary>
    internal const string Certainty = "certainty (1 - entropy)";

    /// <summary>The name of its product with the default score.</summary>
    internal const string Combined = "mask-and-class x certainty";

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
