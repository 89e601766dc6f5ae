using FreeMask.Files;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Tensors;

namespace FreeMask.Vision.Harmonization;

/// <summary>An image whose pasted objects are to be harmonized.</summary>
/// <param name="Composite">The image.</param>
/// <param name="Pasted">How much of each pixel was pasted, 0 none to 255 all.</param>
/// <param name="Instances">Which object each pixel belongs to; null treats all that was pasted as one object.</param>
internal sealed record HarmonizerTask(RgbImage Composite, LabelMap Pasted, LabelMap? Instances);

/// <summary>
/// A harmonizer in ONNX: one that <c>freemask train harmonizer</c> wrote, or a public RainNet or PCT-Net, recognized by their inputs.
/// Outside of what was pasted no pixel changes. Thread-safe.
/// </summary>
internal sealed class HarmonizerModel : IDisposable
{
    private const int LargestBatch = 32;

    private readonly OnnxSession _session;
    private readonly IHarmonizerForm _form;

    private HarmonizerModel(OnnxSession session, IHarmonizerForm form, string hash) =>
        (_session, _form, Hash) = (session, form, hash);

    /// <summary>The sha256 of <c>model.onnx</c>.</summary>
    public string Hash { get; }

    /// <summary>The form: <c>statistics</c>, <c>rainnet</c> or <c>pct-net</c>.</summary>
    public string Form => _form.Name;

    /// <summary>Whether a folder holds a model: <c>model.onnx</c>, or the weights of a RainNet in <c>model.safetensors</c>.</summary>
    public static bool IsIn(string folder) => FileOf(folder) is not null;

    /// <summary>Opens a folder with <c>model.onnx</c>, and <c>config.json</c> if FreeMask trained it; or with <c>model.safetensors</c>, the
    /// weights of a RainNet under their public names.</summary>
    /// <exception cref="FreeMaskException">A file is missing or damaged, or the model has none of the known forms.</exception>
    public static HarmonizerModel Load(string folder, OnnxSessionOptions? options = null)
    {
        var hash = HashOf(folder);
        var path = FileOf(folder)!;
        if (Path.GetFileName(path) == ModelFileNames.Weights) return FromWeights(path, hash, options ?? new());
        var config = HarmonizerConfig.Read(folder);
        if (config is not null && config.Sha256 != hash)
            throw new FreeMaskException(
                $"{path} is not the file that its {ModelFileNames.Config} names (its sha256 differs). Copy the folder again, or train anew."
            );
        var session = OnnxSession.Load(path, options);
        try
        {
            return new(session, HarmonizerForms.Of(session, config), hash);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The sha256 of a folder's model, in lower-case hexadecimal digits.</summary>
    /// <exception cref="FreeMaskException">There is none.</exception>
    public static string HashOf(string folder) =>
        FileOf(folder) is { } path
            ? TrainedModelFolder.HashOf(File.ReadAllBytes(path))
            : throw new FreeMaskException(
                $"{folder} is no harmonizer: it has neither {ModelFileNames.Onnx} nor the {ModelFileNames.Weights} of a RainNet. "
                    + "'freemask train harmonizer' makes one."
            );

    private static string? FileOf(string folder) =>
        new[] { ModelFileNames.Onnx, ModelFileNames.Weights }.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static HarmonizerModel FromWeights(string path, string hash, OnnxSessionOptions options)
    {
        var weights = SafetensorsFile.Load(path);
        if (!RainNetGraph.IsHere(weights))
            throw new FreeMaskException($"{path} holds no RainNet: it has no weight named model_layer0.weight.");
        var session = OnnxSession.FromBytes(RainNetGraph.Write(weights), path, options);
        return new(session, PublicForms.Of(session)!, hash);
    }

    /// <summary>Harmonizes images, all their objects in batches.</summary>
    /// <param name="tasks">The images.</param>
    /// <param name="strength">How much of the change to make, 0..1.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <exception cref="FreeMaskException">Rasters differ in size, or the model failed.</exception>
    public IReadOnlyList<HarmonizedImage> Harmonize(
        IReadOnlyList<HarmonizerTask> tasks,
        double strength = 1,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(tasks);
        var objects = new List<PastedObject>();
        for (var t = 0; t < tasks.Count; t++) objects.AddRange(ObjectsOf(t, tasks[t]));
        var images = tasks.Select(task => task.Composite.Clone()).ToArray();
        var done = tasks.Select(_ => new List<HarmonizedObject>()).ToArray();
        foreach (var batch in objects.Chunk(LargestBatch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var changes = _form.Predict(_session, [.. batch.Select(o => o.Input)]);
            for (var i = 0; i < batch.Length; i++)
            {
                var at = batch[i];
                done[at.Task].Add(changes[i].Paint(images[at.Task], at.Input, strength) with { Instance = at.Number });
            }
        }

        return [.. images.Select((image, t) => new HarmonizedImage(image, [.. done[t].OrderBy(o => o.Instance)]))];
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static IEnumerable<PastedObject> ObjectsOf(int index, HarmonizerTask task)
    {
        Harmonizer.RequireSizes(task.Composite, task.Pasted, task.Instances);
        var owner = PastedRegions.Assign(task.Pasted, task.Instances);
        foreach (var number in PastedRegions.Numbers(owner))
        {
            var share = PastedRegions.ShareOf(task.Pasted, owner, number);
            var sure = share.Values.Count(s => s > PastedRegions.HalfPasted / 255f);
            if (sure >= PastedRegions.LeastPixels)
                yield return new PastedObject(index, number, new HarmonizerInput(task.Composite, share));
        }
    }

    private sealed record PastedObject(int Task, byte Number, HarmonizerInput Input);
}

/// <summary>One object of an image.</summary>
/// <param name="Image">The image as it was composed.</param>
/// <param name="Share">How much of each pixel is the object's, 0..1.</param>
internal sealed record HarmonizerInput(RgbImage Image, FloatMap Share);

/// <summary>What a model takes and gives.</summary>
internal interface IHarmonizerForm
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>Runs the model on a batch of objects.</summary>
    IReadOnlyList<IHarmonizerChange> Predict(OnnxSession session, IReadOnlyList<HarmonizerInput> inputs);
}

/// <summary>The change of one object that a model asks for.</summary>
internal interface IHarmonizerChange
{
    /// <summary>Changes the object in an image; other pixels stay.</summary>
    /// <param name="image">Changed in place.</param>
    /// <param name="input">The object as the model saw it.</param>
    /// <param name="strength">How much of the change to make, 0..1.</param>
    HarmonizedObject Paint(RgbImage image, HarmonizerInput input, double strength);
}
