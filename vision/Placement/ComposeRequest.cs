using FreeMask.Imaging;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Vision.Placement;

/// <summary>An image with one masked object whose background takes more objects.</summary>
/// <param name="Image">The image.</param>
/// <param name="Labels">Its label map, of the same size: classes, 0 background, 255 undecided.</param>
/// <param name="ClassId">The class of its object, from 1.</param>
/// <param name="Scene">Its background in words ("grass", "on the road"), or null where nothing is known.</param>
internal sealed record BackgroundSample(RgbImage Image, LabelMap Labels, byte ClassId, string? Scene);

/// <summary>An image whose object may be pasted elsewhere.</summary>
/// <param name="Id">What the result names it by.</param>
/// <param name="Image">The image.</param>
/// <param name="Labels">Its label map, of the same size.</param>
/// <param name="ClassId">The class to cut out, from 1.</param>
internal sealed record DonorSample(string Id, RgbImage Image, LabelMap Labels, byte ClassId);

/// <summary>How images are composed.</summary>
internal sealed record ComposeOptions
{
    /// <summary>The settings that the pipeline uses unless told otherwise.</summary>
    public static ComposeOptions Default { get; } = new();

    /// <summary>Most objects in the result, the background's own included; how many are pasted is drawn evenly between 1 and what this
    /// leaves. 1 pastes nothing.</summary>
    public int MaxObjects { get; init; } = 3;

    /// <summary>Places drawn for each object.</summary>
    public int Candidates { get; init; } = 24;

    /// <summary>The place is drawn among this many best candidates.</summary>
    public int TopK { get; init; } = 4;

    /// <summary>Largest intersection over union of the new object's box with one that is present.</summary>
    public double MaxIoU { get; init; } = 0.3;

    /// <summary>Least share of every object that must stay visible, in 0..1.</summary>
    public double MinVisible { get; init; } = 0.65;

    /// <summary>Least share of the feet of a pasted object, and of the ground below them, that nearer objects must leave visible, in
    /// 0..1.</summary>
    public double MinFooting { get; init; } = 0.75;

    /// <summary>The same for the objects of the background itself.</summary>
    public double MinOwnFooting { get; init; } = 0.4;

    /// <summary>Least visible size of an object, as a share of the image.</summary>
    public double MinArea { get; init; } = 0.004;

    /// <summary>Width of the soft edge of cut objects in pixels, 1..2.</summary>
    public double Feather { get; init; } = 1.5;

    /// <summary>What is known of the classes.</summary>
    public LabelSet Classes { get; init; } = LabelSet.Voc;

    /// <summary>Which classes fit which background; null for the thesaurus that ships.</summary>
    public SceneThesaurus? Thesaurus { get; init; }

    /// <summary>Whether classes that do not fit the background come in too: what the thesaurus is compared with.</summary>
    public bool AnyClass { get; init; }

    /// <summary>Whether sizes and lower edges that the scene refutes are taken too, and objects may hide what others stand on: what the
    /// rules are compared with.</summary>
    public bool AnyPlace { get; init; }

    /// <summary>What scores places; null for the rules.</summary>
    public IPlacementScorer? Scorer { get; init; }
}

/// <summary>What to compose.</summary>
/// <param name="Background">The image that takes objects.</param>
/// <param name="Donors">Objects to paste, in order of preference; those that do not fit are passed over. None keeps the image as it
/// is.</param>
/// <param name="Options">Settings.</param>
internal sealed record ComposeRequest(BackgroundSample Background, IReadOnlyList<DonorSample> Donors, ComposeOptions? Options = null);
