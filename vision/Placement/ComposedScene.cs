using FreeMask.Imaging;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Vision.Placement;

/// <summary>A background with the objects pasted so far.</summary>
internal sealed class ComposedScene
{
    private readonly BackgroundSample _background;
    private readonly LabelMap _ownLabels, _ownInstances;
    private readonly List<(Layer Layer, DonorSample Donor, double Scale, PlacementChoice Choice)> _pasted = [];
    private readonly List<Layer> _own = [];
    private readonly LabelSet _labelSet;
    private ScenePerspective? _perspective;

    internal ComposedScene(BackgroundSample background, ComposeOptions options)
    {
        _background = background;
        _labelSet = options.Classes;
        Scene = background.Scene is { } words
            ? (options.Thesaurus ?? SceneThesaurus.LoadDefault(classes: options.Classes)).Find(words)
            : null;
        _ownLabels = background.Labels.Clone();
        _ownInstances = new LabelMap(background.Labels.Width, background.Labels.Height);
        TakeOwnObjects(options.Feather);
        Image = background.Image.Clone();
        Classes = _ownLabels.Clone();
        Instances = _ownInstances.Clone();
        Pasted = new LabelMap(Width, Height);
    }

    internal int Width => _background.Labels.Width;

    internal int Height => _background.Labels.Height;

    /// <summary>The thesaurus' name of the scene.</summary>
    internal string? Scene { get; }

    internal RgbImage Image { get; private set; }

    internal LabelMap Classes { get; private set; }

    internal LabelMap Instances { get; private set; }

    internal LabelMap Pasted { get; private set; }

    /// <summary>What is in the image, the background's own first.</summary>
    internal List<PlacedObject> Objects { get; } = [];

    internal IEnumerable<Layer> Layers => _own.Concat(_pasted.Select(p => p.Layer));

    /// <summary>Where things may stand here, and how tall they look; null where the scene is not known.</summary>
    internal ScenePerspective? Perspective =>
        _perspective ??= Scene is null ? null : ScenePerspective.Of(Image, Classes, Scene, Objects, _labelSet);

    internal int NextInstance => _own.Count + _pasted.Count + 1;

    internal void Paste(DonorSample donor, Cutout cutout, PlacementChoice choice)
    {
        var box = choice.Place.Box;
        var layer = new Layer(
            Sprite.Render(cutout, box.Width, box.Height),
            box.X,
            box.Y,
            donor.ClassId,
            (byte)NextInstance,
            NextInstance,
            IsOwn: false
        );
        _pasted.Add((layer, donor, Math.Max((double)box.Width / Width, (double)box.Height / Height), choice));
        Objects.Add(new PlacedObject(donor.ClassId, layer.SolidBox, cutout.Cut, IsPasted: true));
        _perspective = null;
        (Image, Classes, Instances, Pasted) = new LayerPainter(_background.Image, _ownLabels, _ownInstances).Paint(Layer.Sort(Layers));
    }

    internal Composite ToComposite()
    {
        var objects = _pasted
            .OrderBy(p => p.Layer.Contact).ThenBy(p => p.Layer.Order)
            .Select(p => new PastedObject(p.Donor.Id, p.Donor.ClassId, p.Layer.Instance, BoxOf(p.Layer.Instance), p.Scale, p.Choice));
        return new Composite(Image, Classes, Instances, [.. objects], Pasted);
    }

    private void TakeOwnObjects(double feather)
    {
        const int mostObjects = 200;
        var labels = _background.Labels;
        // Fragments this small are no objects of their own.
        var least = Math.Max(16, labels.Labels.Length / 1000);
        for (var i = 0; i < labels.Labels.Length; i++)
            if (labels.Labels[i] != LabelMap.Background) _ownInstances.Labels[i] = LabelMap.Ignore;
        foreach (var classId in labels.Labels.Where(l => l is not (LabelMap.Background or LabelMap.Ignore)).Distinct().Order().ToArray())
        {
            foreach (var cutout in Cutout.All(_background.Image, labels, classId, least, feather))
            {
                if (_own.Count == mostObjects) break;
                var number = (byte)(_own.Count + 1);
                _own.Add(
                    new Layer(
                        Sprite.Outline(cutout, cutout.Width, cutout.Height),
                        cutout.Source.X,
                        cutout.Source.Y,
                        classId,
                        number,
                        0,
                        IsOwn: true
                    )
                );
                Objects.Add(new PlacedObject(classId, Number(cutout, number), cutout.Cut));
            }
        }

        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++) TakeFragment(x, y);
    }

    /// <summary>A pixel of a fragment goes to the nearest object of its class; where the class has none, labels and instances leave it
    /// undecided alike.</summary>
    private void TakeFragment(int x, int y)
    {
        var label = _ownLabels[x, y];
        if (_ownInstances[x, y] != LabelMap.Ignore || label == LabelMap.Ignore) return;
        var nearest = Objects
            .Index()
            .Where(o => o.Item.ClassId == label)
            .OrderBy(o => Distance(o.Item.Box, x, y))
            .Select(o => (byte)(o.Index + 1))
            .FirstOrDefault();
        if (nearest == 0) _ownLabels[x, y] = LabelMap.Ignore;
        else _ownInstances[x, y] = nearest;
    }

    private static int Distance(PixelBox box, int x, int y)
    {
        var dx = Math.Max(0, Math.Max(box.X - x, x - (box.X + box.Width - 1)));
        var dy = Math.Max(0, Math.Max(box.Y - y, y - (box.Bottom - 1)));
        return (dx * dx) + (dy * dy);
    }

    private PixelBox Number(Cutout cutout, byte number)
    {
        for (var y = 0; y < cutout.Height; y++)
            for (var x = 0; x < cutout.Width; x++)
                if (cutout.Alpha[x, y] == 1) _ownInstances[cutout.Source.X + x, cutout.Source.Y + y] = number;
        return PixelBox.Of(_ownInstances, n => n == number);
    }

    private PixelBox BoxOf(byte instance) => PixelBox.Of(Instances, number => number == instance);
}
