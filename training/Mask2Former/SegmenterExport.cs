namespace FreeMask.Training.Mask2Former;

/// <summary>Turns checkpoints into what <c>FreeMask.Vision.Segmentation.OnnxSegmenter</c> and other runtimes open.</summary>
internal static class SegmenterExport
{
    /// <summary>Writes a Mask2Former as ONNX for images of one size (opset 17, any batch size).</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="width">Width in pixels.</param>
    /// <param name="height">Height in pixels.</param>
    /// <returns>The bytes of <c>model.onnx</c> and the text of <c>card.json</c>.</returns>
    /// <exception cref="FreeMaskException">The checkpoint does not fit its configuration, or the size is too small.</exception>
    public static (byte[] Onnx, string Card) ToOnnx(string folder, int width, int height)
    {
        using var model = Mask2FormerModel.Load(folder);
        model.eval();
        return (Mask2FormerOnnx.Export(model, width, height), Mask2FormerOnnx.Card(model.Config, width, height).ToJson());
    }
}
