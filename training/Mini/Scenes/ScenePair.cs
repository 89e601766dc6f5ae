using FreeMask.Imaging;

namespace FreeMask.Training.Mini.Scenes;

/// <summary>A rendered scene with and without one of its objects: outside of the object and its shadow both have the same pixels.</summary>
/// <param name="With">The scene.</param>
/// <param name="Without">The scene without the object. What lies behind it was painted and not filled in.</param>
/// <param name="Object">The position of the object among those of <paramref name="With"/>; no other object hides any of it.</param>
/// <param name="Flies">Whether it is in the air; else it stands on the ground or lies in the water.</param>
/// <param name="Horizon">The first row of the ground or water; the image's height where there is neither.</param>
internal sealed record ScenePair(Scene With, Scene Without, int Object, bool Flies, int Horizon)
{
    /// <summary>The exact mask of the object: 1 where it is.</summary>
    internal LabelMap Mask => new(
        With.Instances.Width,
        With.Instances.Height,
        Array.ConvertAll(With.Instances.Labels, instance => instance == Object + 1 ? (byte)1 : (byte)0)
    );

    /// <summary>The same with left and right exchanged.</summary>
    internal ScenePair Mirrored() => this with { With = Mirror(With), Without = Mirror(Without) };

    private static Scene Mirror(Scene scene) => scene with
    {
        Image = Orientation.Mirror(scene.Image),
        Classes = Orientation.Mirror(scene.Classes),
        Instances = Orientation.Mirror(scene.Instances),
    };
}
