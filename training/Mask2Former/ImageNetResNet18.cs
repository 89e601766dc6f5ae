using System.Text.Json.Nodes;
using FreeMask.Files;
using FreeMask.Json;
using FreeMask.Onnx;
using FreeMask.Onnx.Proto;
using FreeMask.Tensors;
using FreeMask.Vision.Segmentation;

namespace FreeMask.Training.Mask2Former;

/// <summary>
/// Reads the ResNet-18 that the NuGet package Microsoft.ML.DnnImageFeaturizer.ResNet18 ships as ONNX (trained on ImageNet with CNTK), and
/// writes it as a backbone to start from.
/// </summary>
/// <remarks>
/// CNTK's network takes BGR levels from 0 to 255 less a mean picture, FreeMask's RGB less ImageNet's mean color, over its deviation. The
/// mean picture averages to that color within 0.7 levels; the first convolution takes up the rest: w'[o, c] = 255 deviation_c w[o, 2 - c].
/// So the features are those of the ONNX file where its input is the picture less the mean color. Its padding of strided convolutions (one
/// less at the end) is the same as symmetric padding where sides are even.
/// </remarks>
internal static class ImageNetResNet18
{
    /// <summary>Its shape: that of a ResNet-18 with a third layer in the last stage.</summary>
    internal static ResNetConfig Config { get; } = ResNetConfig.ResNet18 with { Depths = [2, 2, 2, 3] };

    /// <summary>The sha256 of the package's ONNX file.</summary>
    internal const string Sha256 = "e2552f19db2dfdb01b3669537b6a0f1b44da38d18279535492ed5dfc2ef1ff8f";

    /// <summary>Reads the ONNX file and writes <c>config.json</c> and <c>model.safetensors</c>; the folder is made where it is
    /// absent.</summary>
    /// <exception cref="FreeMaskException">The file is no such network.</exception>
    internal static void Write(string onnx, string folder)
    {
        var file = Read(onnx);
        Directory.CreateDirectory(folder);
        var json = Config.ToJson();
        json["architectures"] = new JsonArray("ResNetModel");
        AtomicFile.Write(Path.Combine(folder, CheckpointFolder.Config), JsonFields.Format(json));
        file.Save(Path.Combine(folder, CheckpointFolder.Weights));
    }

    /// <summary>The weights under Hugging Face's names.</summary>
    /// <exception cref="FreeMaskException">The file is no such network.</exception>
    internal static SafetensorsFile Read(string onnx)
    {
        ModelFiles.Require(onnx);
        using var stream = File.OpenRead(onnx);
        var graph = ModelProto.Parser.ParseFrom(stream).Graph;
        var weights = graph.Initializer.ToDictionary(w => w.Name, StringComparer.Ordinal);
        var norms = graph.Node.Where(n => n.OpType == "BatchNormalization").ToDictionary(n => n.Input[0], StringComparer.Ordinal);
        var convolutions = new Queue<NodeProto>(graph.Node.Where(n => n.OpType == "Conv"));
        var tensors = new List<NamedTensor>();
        Unit("resnet.embedder.embedder", isStem: true);
        for (var stage = 0; stage < 4; stage++)
            for (var layer = 0; layer < Config.Depths[stage]; layer++)
            {
                var name = $"resnet.encoder.stages.{stage}.layers.{layer}";
                // Where the resolution halves, the shortcut comes first.
                if (stage > 0 && layer == 0) Unit($"{name}.shortcut");
                Unit($"{name}.layer.0");
                Unit($"{name}.layer.1");
            }

        return convolutions.Count == 0
            ? new(tensors, new Dictionary<string, string> { ["format"] = "pt" })
            : throw Other(onnx);

        void Unit(string name, bool isStem = false)
        {
            if (!convolutions.TryDequeue(out var node) || !norms.TryGetValue(node.Output[0], out var norm)) throw Other(onnx);
            var kernel = Tensor($"{name}.convolution.weight", node.Input[1]);
            tensors.Add(isStem ? FromBgr(kernel) : kernel);
            tensors.Add(Tensor($"{name}.normalization.weight", norm.Input[1]));
            tensors.Add(Tensor($"{name}.normalization.bias", norm.Input[2]));
            tensors.Add(Tensor($"{name}.normalization.running_mean", norm.Input[3]));
            tensors.Add(Tensor($"{name}.normalization.running_var", norm.Input[4]));
        }

        NamedTensor Tensor(string name, string initializer) =>
            weights.TryGetValue(initializer, out var weight) && weight.FloatData.Count > 0
                ? NamedTensor.FromSingles(name, [.. weight.Dims], weight.FloatData.ToArray())
                : throw Other(onnx);
    }

    private static NamedTensor FromBgr(NamedTensor kernel)
    {
        var (values, area) = (kernel.ToSingles(), (int)(kernel.Shape[2] * kernel.Shape[3]));
        var turned = new float[values.Length];
        for (var output = 0; output < kernel.Shape[0]; output++)
            for (var channel = 0; channel < 3; channel++)
            {
                var scale = 255 * ImageNormalization.ImageNet.Deviation[channel];
                var (from, to) = (((output * 3) + 2 - channel) * area, ((output * 3) + channel) * area);
                for (var i = 0; i < area; i++) turned[to + i] = values[from + i] * scale;
            }

        return NamedTensor.FromSingles(kernel.Name, kernel.Shape, turned);
    }

    private static FreeMaskException Other(string onnx) =>
        new($"{onnx} is not the ResNet-18 of Microsoft.ML.DnnImageFeaturizer.ResNet18; fetch the package again.");
}
