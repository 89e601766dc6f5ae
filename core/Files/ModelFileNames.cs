namespace FreeMask.Files;

/// <summary>Names of the files of model folders, as Hugging Face's libraries and ONNX exporters write them.</summary>
internal static class ModelFileNames
{
    /// <summary>A graph in ONNX.</summary>
    internal const string Onnx = "model.onnx";

    /// <summary>Architecture and settings of a model.</summary>
    internal const string Config = "config.json";

    /// <summary>Weights in safetensors.</summary>
    internal const string Weights = "model.safetensors";

    /// <summary>Which of several safetensors files holds which weight.</summary>
    internal const string WeightsIndex = "model.safetensors.index.json";

    /// <summary>How images are prepared for a model.</summary>
    internal const string Preprocessor = "preprocessor_config.json";

    /// <summary>FreeMask's description of a segmenter: classes, input size, normalization.</summary>
    internal const string Card = "card.json";

    /// <summary>Parts of a diffusion model folder, by class.</summary>
    internal const string DiffusionIndex = "model_index.json";
}
