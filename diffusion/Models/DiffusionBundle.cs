using FreeMask.Diffusion.Attention;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Diffusion.Text;
using FreeMask.Imaging;
using FreeMask.Json;
using FreeMask.Onnx;

namespace FreeMask.Diffusion.Models;

/// <summary>
/// A model folder in the layout that public Stable Diffusion exports use: <c>tokenizer</c>, <c>text_encoder</c>, <c>unet</c>,
/// <c>vae_decoder</c>, optional
/// <c>vae_encoder</c>, <c>tokenizer_2</c> and <c>text_encoder_2</c>, <c>scheduler</c>. What the model is gets decided by the files'
/// metadata, never by names of folders.
/// </summary>
public sealed class DiffusionBundle : IDisposable
{
    private const double ClassicScale = 0.18215, LargeScale = 0.13025;

    private readonly UNetSessions _unet;
    private readonly List<string> _notes;

    private DiffusionBundle(string folder, DiffusionOptions options, OnnxGraph unet, List<string> notes)
    {
        Folder = folder;
        Options = options;
        _unet = new(unet, options.Session);
        Steps = new(_unet, options.Session);
        _notes = notes;
        Text = TextEncoders.Load(folder, options.Session);
        Vae = LatentCodec.Load(folder, options.Session, _unet.HasPooledText ? LargeScale : ClassicScale, notes);
        var scheduler = DiffusionFolder.SchedulerConfig(folder);
        Schedulers = SchedulerFile.Load(scheduler);
        NoteScheduler(scheduler, notes);

        using var index = JsonFile.ReadIfThere(DiffusionFolder.Index(folder));
        ZeroesForNoNegative = _unet.HasPooledText && (index?.RootElement.Flag("force_zeros_for_empty_prompt") ?? true);
        LatentChannels = _unet.LatentChannels;
        NativeSize = FindNativeSize(folder);
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>How it was loaded.</summary>
    public DiffusionOptions Options { get; }

    /// <summary>The folder's scheduler settings.</summary>
    public SchedulerFile Schedulers { get; }

    /// <summary>What was assumed where the folder states nothing.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <summary>Channels of a latent.</summary>
    public int LatentChannels { get; }

    /// <summary>Pixels a latent cell spans: 8 in Stable Diffusion.</summary>
    public int PixelsPerCell => Vae.PixelsPerCell;

    /// <summary>The side in pixels at which the model was trained, where the folder states it; otherwise 512, or 1024 for XL.</summary>
    public int NativeSize { get; }

    /// <summary>The only width in pixels that the export draws; null where it is free.</summary>
    public int? FixedWidth => _unet.FixedWidth * PixelsPerCell;

    /// <summary>The only height in pixels that the export draws; null where it is free.</summary>
    public int? FixedHeight => _unet.FixedHeight * PixelsPerCell;

    /// <summary>Image sides must be multiples of this: the U-Net halves the latent several times.</summary>
    public int SideMultiple => PixelsPerCell * _unet.LargestFactor;

    /// <summary>Whether the U-Net takes guidance as an input (latent consistency models).</summary>
    public bool EmbedsGuidance => _unet.GuidanceWidth is not null;

    /// <summary>Whether the model needs two text encoders and pooled text (XL).</summary>
    public bool HasPooledText => _unet.HasPooledText;

    /// <summary>The U-Net's attention modules.</summary>
    public IReadOnlyList<AttentionModule> Modules => _unet.Modules;

    internal bool ZeroesForNoNegative { get; }

    internal TextEncoders Text { get; }

    internal LatentCodec Vae { get; }

    internal UNetSessions UNet => _unet;

    internal SchedulerStepSessions Steps { get; }

    /// <summary>Whether latents stay in the device's memory between steps. Those of an export that takes a fixed number of rows do not: its
    /// calls are parts of a batch.</summary>
    internal bool UsesIoBinding =>
        _unet.FixedRows is null && (Options.UseIoBinding ?? OnnxProviders.DeviceMemory(Options.Session) is not null);

    /// <summary>Loads a folder.</summary>
    /// <exception cref="FreeMaskException">A part is missing, cannot be loaded, or does not fit the others; the message names file, input
    /// and what was expected.</exception>
    public static DiffusionBundle Load(string folder, DiffusionOptions? options = null)
    {
        if (!Directory.Exists(folder)) throw new FreeMaskException($"The model folder {folder} does not exist.");
        var graph = OnnxGraphReader.Read(DiffusionFolder.Graph(folder, DiffusionFolder.UNet));
        DiffusionBundle? bundle = null;
        try
        {
            bundle = new(folder, options ?? new(), graph, []);
            bundle.CheckParts();
            return bundle;
        }
        catch
        {
            bundle?.Dispose();
            throw;
        }
    }

    /// <summary>A sampler with the folder's settings. Latents are not clipped, whatever the settings say: they do not bear it, and
    /// diffusers' pipelines turn it off.</summary>
    /// <param name="name">One of <see cref="SchedulerFile.SamplerNames"/>; null for the one that the folder names.</param>
    /// <exception cref="FreeMaskException">FreeMask does not have it, or not with these settings.</exception>
    public SchedulerConfig Sampler(string? name = null) =>
        (name is null ? Schedulers.Own : Schedulers.Under(name)) with
        {
            ClipSample = false,
        };

    /// <summary>Loads the U-Net, which is otherwise loaded when it is first needed.</summary>
    /// <exception cref="FreeMaskException">It cannot be loaded.</exception>
    public void LoadUNet() => _unet.For([]);

    /// <summary>What the autoencoder makes of an image: encoded to the mean latent and decoded again.</summary>
    /// <exception cref="FreeMaskException">The folder has no encoder, or the image's sides are no multiples of
    /// <see cref="PixelsPerCell"/>.</exception>
    public RgbImage Reconstruct(RgbImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var latent = Vae.Encode(image, LatentChannels);
        return Vae.Decode(latent.Values, LatentChannels, (int)latent.Shape[2], (int)latent.Shape[3]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _unet.Dispose();
        Steps.Dispose();
        Text.Dispose();
        Vae.Dispose();
    }

    private void NoteScheduler(string path, List<string> notes)
    {
        if (Schedulers.TryOwn(out var why) is { ClipSample: true })
            notes.Add($"{path} asks for clip_sample, which latents do not bear; it is off, as in diffusers' pipelines.");
        // A run that chooses a sampler does without the folder's.
        if (why is not null) notes.Add(why);
    }

    private void CheckParts()
    {
        if (HasPooledText && !Text.HasPooled)
            throw new FreeMaskException(
                $"{_unet.Path} takes text_embeds, so the folder needs text_encoder_2 and tokenizer_2 with an output text_embeds."
            );
        if (_unet.TextWidth is { } expected && Text.Width is { } given && expected != given)
            throw new FreeMaskException(
                $"{_unet.Path} takes text embeddings of width {expected}, but the text encoders of {Folder} give {given}."
            );
        if (_unet.FixedTokens is { } tokens && tokens != Text.Tokenizer.MaximumLength)
            throw new FreeMaskException(
                $"{_unet.Path} takes texts of {tokens} tokens, but the tokenizer of {Folder} gives {Text.Tokenizer.MaximumLength}."
            );
        Vae.RequireSides(_unet.FixedWidth, _unet.FixedHeight, _unet.Path);
        if ((FixedWidth ?? FixedHeight) is not null)
            _notes.Add($"{_unet.Path} is fixed to images of {FixedWidth ?? NativeSize} x {FixedHeight ?? NativeSize} pixels.");
        if (_unet.FixedRows is { } rows) _notes.Add($"{_unet.Path} is fixed to {rows} rows a call: batches are split and filled up.");
    }

    private int FindNativeSize(string folder)
    {
        using var config = JsonFile.ReadIfThere(DiffusionFolder.Config(folder, DiffusionFolder.UNet));
        if (config?.RootElement.Number("sample_size") is { } cells) return (int)cells * PixelsPerCell;
        return Vae.SampleSize ?? (HasPooledText ? 1024 : 512);
    }
}
