namespace FreeMask.Grains;

/// <summary>The name that a setting had in earlier versions. Configuration that still uses it is refused with the present name.</summary>
/// <param name="name">The former name, without its section.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FormerNameAttribute(string name) : Attribute
{
    /// <summary>The former name.</summary>
    public string Name => name;
}
