using FreeMask.Imaging;

namespace FreeMask.Diffusion.Attention;

/// <summary>What is done to each layer's map before maps are averaged.</summary>
public enum LayerScaling
{
    /// <summary>Nothing: probabilities are averaged.</summary>
    None,

    /// <summary>Divided by its largest value.</summary>
    Maximum,

    /// <summary>Minimum to 0, maximum to 1.</summary>
    MinimumMaximum,
}

/// <summary>A recipe that turns an <see cref="AttentionRecord"/> into one coarse map a class.</summary>
public sealed record AttentionPreset
{
    /// <summary>Its name in run files.</summary>
    public required string Name { get; init; }

    /// <summary>Parts of the U-Net whose layers count.</summary>
    public IReadOnlyList<UNetPart> Parts { get; init; } = [UNetPart.Down, UNetPart.Middle, UNetPart.Up];

    /// <summary>Layers with a smaller side (the shorter one, in grid cells) are left out.</summary>
    public int MinimumSide { get; init; } = 1;

    /// <summary>Layers with a larger side are left out.</summary>
    public int MaximumSide { get; init; } = int.MaxValue;

    /// <summary>Whether only the last layer of each resolution counts.</summary>
    public bool LastLayerOfEachSide { get; init; }

    /// <summary>At most this many resolutions count, largest first.</summary>
    public int Resolutions { get; init; } = int.MaxValue;

    /// <summary>Scaling of each layer's map.</summary>
    public LayerScaling Scaling { get; init; }

    /// <summary>How layer maps are enlarged; negative overshoot is cut to 0.</summary>
    public ResamplingFilter Interpolation { get; init; } = ResamplingFilter.Bicubic;

    /// <summary>Whether maps are divided by the sum over all words, which suppresses cells that attend to no word (DAAM's normalize
    /// option).</summary>
    public bool DivideByWords { get; init; }

    /// <summary>How often the map is multiplied by the self-attention matrix; 0 leaves it out.</summary>
    public int SelfPower { get; init; }

    /// <summary>The self-attention grid: the largest captured one whose shorter side is not above this.</summary>
    public int SelfSide { get; init; } = 32;

    /// <summary>Whether the result is scaled to 0..1 per class.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>
    /// The timestep to which the finished latent is re-noised for one further U-Net call whose attention is used; null uses attention
    /// averaged while sampling.
    /// </summary>
    public int? RenoiseTimestep { get; init; }

    /// <summary>
    /// DAAM (Tang et al. 2023; castorini/daam, daam/trace.py and hook.py): all layers of the down and up halves but the coarsest resolution
    /// (side below 16), summed over all timesteps, bicubic to the latent's grid, negative values cut to 0, mean.
    /// </summary>
    public static AttentionPreset Daam { get; } = new() { Name = "daam", Parts = [UNetPart.Down, UNetPart.Up], MinimumSide = 16 };

    /// <summary>
    /// DiffuMask (Wu et al. 2023; weijiawu/DiffuMask, parallel_generate_VOC_Attention_AnyClass.py): resolutions 16 to 64, each layer
    /// enlarged and divided by its own maximum, then averaged. AffinityNet and thresholds come later in the pipeline.
    /// </summary>
    public static AttentionPreset DiffuMask { get; } =
        new()
        {
            Name = "diffumask",
            MinimumSide = 16,
            MaximumSide = 64,
            Scaling = LayerScaling.Maximum,
        };

    /// <summary>
    /// Dataset Diffusion (Nguyen et al. 2023; VinAIResearch/Dataset-Diffusion, gen_data.py): cross-attention of side 16, bicubic to the
    /// self-attention's grid of side 32, multiplied by its fourth power. (The original takes keys from a second prompt of class words only;
    /// here they come from the prompt itself.)
    /// </summary>
    public static AttentionPreset DatasetDiffusion { get; } =
        new()
        {
            Name = "dataset-diffusion",
            MinimumSide = 9,
            MaximumSide = 16,
            SelfPower = 4,
        };

    /// <summary>
    /// The project's own: one further call on the finished latent re-noised to t = 200, the last up-layer of the two largest resolutions up
    /// to 32, averaged as they are, multiplied once by self-attention. Chosen on the first hundred held-out images of the mini bundle among
    /// four timesteps, five sets of layers, two scalings and self-attention powers 0 to 2.
    /// </summary>
    public static AttentionPreset FreeMask { get; } = new()
    {
        Name = "freemask",
        Parts = [UNetPart.Up],
        MaximumSide = 32,
        LastLayerOfEachSide = true,
        Resolutions = 2,
        SelfPower = 1,
        RenoiseTimestep = 200,
    };

    /// <summary>The mean probability over all layers and timesteps on the latent's grid, unscaled.</summary>
    public static AttentionPreset Mean { get; } = new() { Name = "mean", Interpolation = ResamplingFilter.Bilinear, Normalize = false };

    /// <summary>All presets.</summary>
    public static IReadOnlyList<AttentionPreset> All { get; } = [FreeMask, Daam, DiffuMask, DatasetDiffusion, Mean];

    /// <summary>The preset of a name.</summary>
    /// <exception cref="FreeMaskException">There is none of that name.</exception>
    public static AttentionPreset ByName(string name) =>
        All.FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FreeMaskException(
            $"There is no attention preset named {name}; known are {string.Join(", ", All.Select(p => p.Name))}."
        );
}
