using System.Text.Json.Nodes;
using FreeMask.Files;
using FreeMask.Json;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// ResNet with a linear head on its pooled last map, in the files and names of Hugging Face's <c>ResNetForImageClassification</c>.
/// Pre-trained on class labels, its backbone is where a segmenter starts from.
/// </summary>
internal sealed class ResNetClassifier : NamedModule<Tensor, Tensor>
{
    private readonly ResNetBackbone _backbone;
    private readonly LinearLayer _head;

    /// <summary>Makes a classifier with fresh weights that depend on <paramref name="seed"/> alone.</summary>
    /// <param name="config">The backbone.</param>
    /// <param name="labels">Class names, in the order of the logits.</param>
    /// <param name="seed">Seed of the weights.</param>
    public ResNetClassifier(ResNetConfig config, IReadOnlyList<string> labels, ulong seed) : base(nameof(ResNetClassifier))
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(labels);
        Labels = labels;
        _backbone = new ResNetBackbone(config);
        _head = new LinearLayer(config.HiddenSizes[^1], labels.Count);
        register_module("resnet", _backbone);
        register_module("classifier", new ModuleGroup(("1", _head)));
        _backbone.Initialize(seed);
        var bound = 1 / Math.Sqrt(config.HiddenSizes[^1]);
        Initialization.Uniform(_head.Weight, bound, seed, "classifier.1.weight");
        Initialization.Uniform(_head.Bias!, bound, seed, "classifier.1.bias");
    }

    /// <summary>Class names, in the order of the logits.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The backbone's shape.</summary>
    public ResNetConfig Config => _backbone.Config;

    /// <summary>Reads <c>config.json</c> and <c>model.safetensors</c> of a folder.</summary>
    /// <exception cref="FreeMaskException">A file is missing or does not fit.</exception>
    public static ResNetClassifier Load(string folder)
    {
        var path = Path.Combine(folder, CheckpointFolder.Config);
        var json = JsonFields.Load(path);
        var labels = new JsonFields(json, path).Labels() ?? throw new FreeMaskException($"{path} has no id2label: it is not a classifier.");
        var model = new ResNetClassifier(ResNetConfig.FromJson(json, path), labels, seed: 0);
        ModuleState.Import(model, CheckpointFolder.LoadWeights(folder)).ThrowIfAny(folder);
        return model;
    }

    /// <summary>Writes <c>config.json</c> and <c>model.safetensors</c>; the folder is made where it is absent.</summary>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        var json = Config.ToJson();
        json["architectures"] = new JsonArray("ResNetForImageClassification");
        JsonFields.AddLabels(json, Labels);
        File.WriteAllText(Path.Combine(folder, ModelFileNames.Config), JsonFields.Format(json));
        ModuleState.ToFile(this).Save(Path.Combine(folder, ModelFileNames.Weights));
    }

    /// <summary>Logits [n, classes] of normalized images [n, 3, h, w] ((RGB / 255 - mean) / deviation with ImageNet's figures).</summary>
    public override Tensor forward(Tensor input) => _head.forward(_backbone.forward(input)[^1].mean([2, 3]));
}
