using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace FreeMask.Grains.RunSpecs;

/// <summary>Reads and replaces one property of a specification or of one of its sections.</summary>
internal sealed class SpecProperty
{
    private readonly PropertyInfo[] _properties;

    private SpecProperty(PropertyInfo[] properties) => _properties = properties;

    /// <summary>The key of the property: its names in camelCase with dots, such as <c>generation.steps</c>.</summary>
    internal string Path => string.Join('.', _properties.Select(property => char.ToLowerInvariant(property.Name[0]) + property.Name[1..]));

    /// <summary>The type of the property, without the <see cref="Nullable{T}"/> around it.</summary>
    internal Type Type => Nullable.GetUnderlyingType(_properties[^1].PropertyType) ?? _properties[^1].PropertyType;

    /// <summary>The property that an expression such as <c>spec => spec.Generation.Steps</c> names.</summary>
    internal static SpecProperty Of(Expression<Func<RunSpec, object?>> expression)
    {
        var properties = new Stack<PropertyInfo>();
        // The lambda boxes a value type.
        var body = expression.Body is UnaryExpression { NodeType: ExpressionType.Convert } boxed ? boxed.Operand : expression.Body;
        for (var at = body; at is MemberExpression { Member: PropertyInfo property } member; at = member.Expression)
            properties.Push(property);
        return new([.. properties]);
    }

    internal object? Get(RunSpec spec) => _properties.Aggregate((object?)spec, (record, property) => property.GetValue(record));

    /// <summary>A copy of the specification with another value.</summary>
    internal RunSpec With(RunSpec spec, object? value) => (RunSpec)Replace(spec, 0, value);

    private object Replace(object record, int depth, object? value)
    {
        var property = _properties[depth];
        var copy = MemberwiseClone(record);
        property.SetValue(copy, depth == _properties.Length - 1 ? value : Replace(property.GetValue(record)!, depth + 1, value));
        return copy;
    }

    // The same as 'with' on a record, which needs a compile-time property.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = nameof(MemberwiseClone))]
    private static extern object MemberwiseClone(object record);
}
