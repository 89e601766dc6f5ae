using FreeMask.Imaging;

namespace FreeMask.Vision.Placement;

/// <summary>
/// Paints layers back to front into image, classes, instances and pasted share. The label rule is L' = alpha > 0.5 ? class : L
/// (free-mask.md 1.7), after which pixels of undecided opacity and the ring of one pixel around the object become 255, as VOC's border,
/// and so do pixels whose color is less than three quarters that of their label, where the soft edges of several objects meet.
/// </summary>
internal sealed class LayerPainter
{
    // Between these opacities a pixel is as much the one as the other.
    private const float Undecided = 0.25f, Decided = 0.75f;

    private readonly RgbImage _background;
    private readonly LabelMap _backgroundLabels;
    // _labeled: the share of a pixel's color that the pasted object of its label has; not kept where the label is the background's.
    private readonly float[] _color, _pasted, _labeled;
    private readonly LabelMap _classes, _instances;

    internal LayerPainter(RgbImage background, LabelMap labels, LabelMap instances)
    {
        _background = background;
        _backgroundLabels = labels;
        _color = Array.ConvertAll(background.Pixels, p => (float)p);
        _pasted = new float[labels.Labels.Length];
        _labeled = new float[labels.Labels.Length];
        _classes = labels.Clone();
        _instances = instances.Clone();
    }

    internal (RgbImage Image, LabelMap Classes, LabelMap Instances, LabelMap Pasted) Paint(IReadOnlyList<Layer> backToFront)
    {
        foreach (var layer in backToFront)
        {
            if (layer.IsOwn) PaintOwn(layer);
            else PaintPasted(layer);
        }

        IgnoreMixtures(backToFront);
        int width = _background.Width, height = _background.Height;
        var image = new RgbImage(width, height, Array.ConvertAll(_color, c => (byte)Math.Clamp(c + 0.5f, 0, 255)));
        var pasted = new LabelMap(width, height, Array.ConvertAll(_pasted, p => (byte)((p * 255) + 0.5f)));
        return (image, _classes, _instances, pasted);
    }

    private void PaintPasted(Layer layer)
    {
        var sprite = layer.Sprite;
        var plane = sprite.Alpha.Length;
        ForEach(layer, (sx, sy, pixel) =>
        {
            var s = (sy * sprite.Width) + sx;
            var alpha = sprite.Alpha[s];
            if (alpha <= 0) return;
            for (var c = 0; c < 3; c++) _color[(3 * pixel) + c] = sprite.Colors[(c * plane) + s] + ((1 - alpha) * _color[(3 * pixel) + c]);
            _pasted[pixel] = alpha + ((1 - alpha) * _pasted[pixel]);
            _labeled[pixel] *= 1 - alpha;
        });
        Label(layer);
    }

    /// <summary>
    /// Lays one of the background's own objects over what was pasted behind it. Its colors change only where something was pasted; its
    /// labels are restored everywhere, because the ring around an object behind it reaches beyond that object's pixels.
    /// </summary>
    private void PaintOwn(Layer layer)
    {
        var sprite = layer.Sprite;
        ForEach(layer, (sx, sy, pixel) =>
        {
            var alpha = sprite.Alpha[(sy * sprite.Width) + sx];
            if (alpha <= 0) return;
            var own = _backgroundLabels.Labels[pixel];
            if (own == layer.ClassId) (_classes.Labels[pixel], _instances.Labels[pixel]) = (own, layer.Instance);
            if (_pasted[pixel] == 0) return;
            if (own == LabelMap.Ignore) (_classes.Labels[pixel], _instances.Labels[pixel]) = (LabelMap.Ignore, LabelMap.Ignore);
            for (var c = 0; c < 3; c++)
                _color[(3 * pixel) + c] = (alpha * _background.Pixels[(3 * pixel) + c]) + ((1 - alpha) * _color[(3 * pixel) + c]);
            _pasted[pixel] *= 1 - alpha;
            _labeled[pixel] *= 1 - alpha;
        });
    }

    private void IgnoreMixtures(IReadOnlyList<Layer> layers)
    {
        var isPasted = new bool[256];
        foreach (var layer in layers) isPasted[layer.Instance] = !layer.IsOwn;
        for (var pixel = 0; pixel < _pasted.Length; pixel++)
        {
            var share = isPasted[_instances.Labels[pixel]] ? _labeled[pixel] : 1 - _pasted[pixel];
            if (share < Decided) (_classes.Labels[pixel], _instances.Labels[pixel]) = (LabelMap.Ignore, LabelMap.Ignore);
        }
    }

    private void Label(Layer layer)
    {
        int width = _background.Width, height = _background.Height;
        for (var y = Math.Max(0, layer.Y - 1); y < Math.Min(height, layer.Y + layer.Sprite.Height + 1); y++)
        {
            for (var x = Math.Max(0, layer.X - 1); x < Math.Min(width, layer.X + layer.Sprite.Width + 1); x++)
            {
                var alpha = layer.AlphaAt(x, y);
                var pixel = (y * width) + x;
                if (alpha is > Undecided and < Decided || (alpha <= 0.5f && TouchesSolid(layer, x, y)))
                    (_classes.Labels[pixel], _instances.Labels[pixel]) = (LabelMap.Ignore, LabelMap.Ignore);
                else if (alpha > 0.5f)
                    (_classes.Labels[pixel], _instances.Labels[pixel], _labeled[pixel]) = (layer.ClassId, layer.Instance, alpha);
            }
        }
    }

    private static bool TouchesSolid(Layer layer, int x, int y) =>
        layer.AlphaAt(x - 1, y) > 0.5f
        || layer.AlphaAt(x + 1, y) > 0.5f
        || layer.AlphaAt(x, y - 1) > 0.5f
        || layer.AlphaAt(x, y + 1) > 0.5f;

    private void ForEach(Layer layer, Action<int, int, int> visit)
    {
        int width = _background.Width, height = _background.Height;
        for (var sy = Math.Max(0, -layer.Y); sy < Math.Min(layer.Sprite.Height, height - layer.Y); sy++)
            for (var sx = Math.Max(0, -layer.X); sx < Math.Min(layer.Sprite.Width, width - layer.X); sx++)
                visit(sx, sy, ((layer.Y + sy) * width) + layer.X + sx);
    }
}
