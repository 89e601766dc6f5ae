namespace FreeMask.Grains;

/// <summary>
/// The name of a setting in earlier versions. Configuration with the former name is refused with a message that names the new one.
/// </summary>
/// <param name="name">The former name, without its section.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class FormerNameAttribute(string name) : Attribute
{
    /// <summary>The former name.</summary>
    public string Name => name;
}
