using FreeMask.Imaging;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Mini.Networks;
using FreeMask.Training.Torch;
using static TorchSharp.torch;

namespace FreeMask.Training.Mini.Stages;

/// <summary>Images as the backbone wants them: RGB / 255, minus ImageNet's mean, by its deviation.</summary>
internal static class ClassifierInput
{
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f];
    private static readonly float[] Deviation = [0.229f, 0.224f, 0.225f];

    /// <summary>[count, 3, h, w], channels innermost in memory.</summary>
    internal static Tensor FromImages(IReadOnlyList<RgbImage> images)
    {
        using var scope = NewDisposeScope();
        var unit = ImageTensors.FromImages(images).SafeAdd(PinnedScalar.Of(1)) / PinnedScalar.Of(2);
        return ((unit - tensor(Mean).view(1, 3, 1, 1)) / tensor(Deviation).view(1, 3, 1, 1)).ChannelsLast().MoveToOuterDisposeScope();
    }

    /// <summary>The most likely VOC class (1 to 20) of every image.</summary>
    internal static IReadOnlyList<int> Predict(ResNetClassifier classifier, IReadOnlyList<RgbImage> images)
    {
        using var _ = inference_mode();
        using var scope = NewDisposeScope();
        return [.. classifier.forward(FromImages(images)).argmax(1).data<long>().ToArray().Select(label => (int)label + 1)];
    }
}
