using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Xunit;

namespace FreeMask.Tests.Shared;

/// <summary>
/// Which namespaces of an assembly refer to which, read from the compiled code: base types, interfaces, attributes, fields, signatures,
/// local variables and instructions. A namespace is a folder (IDE0130). Constants leave no trace in compiled code and are not seen.
/// </summary>
internal sealed class NamespaceDependencies
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    private static readonly Dictionary<short, OpCode> OpCodeTable = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    private readonly Dictionary<string, SortedDictionary<string, string>> _references = new(StringComparer.Ordinal);
    private readonly Assembly _assembly;
    private readonly Func<string, bool> _counts;

    /// <summary>Reads an assembly.</summary>
    /// <param name="assembly">The assembly; references to types of other assemblies do not count.</param>
    /// <param name="counts">Which namespaces count; null for all. Generated code, such as that of protobuf or Orleans, can be left out in
    /// this way.</param>
    public NamespaceDependencies(Assembly assembly, Func<string, bool>? counts = null)
    {
        _assembly = assembly;
        _counts = counts ?? (_ => true);
        foreach (var type in assembly.GetTypes()) ReadType(type);
    }

    /// <summary>Asserts that an assembly's own namespaces have no cycle and refer to lower ones only.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="layers">All of its namespaces, from the lowest to the highest.</param>
    public static void AssertLayers(Assembly assembly, params string[] layers)
    {
        var dependencies = new NamespaceDependencies(assembly, name => name.StartsWith("FreeMask", StringComparison.Ordinal));
        Assert.Empty(dependencies.Cycles());
        Assert.Empty(dependencies.UpwardReferences(layers));
    }

    /// <summary>Every namespace that has types, in order of names.</summary>
    public IReadOnlyList<string> Namespaces => [.. _references.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Groups of namespaces of which each refers to each, directly or through others; empty where the references have an
    /// order.</summary>
    /// <returns>One text a group: the namespaces, and below each the references within the group, each with one example.</returns>
    public IReadOnlyList<string> Cycles()
    {
        var reachable = _references.Keys.ToDictionary(name => name, Reachable, StringComparer.Ordinal);
        var groups = Namespaces
            .Where(name => reachable[name].Contains(name))
            .GroupBy(name =>
                string.Join(' ', Namespaces.Where(other => reachable[name].Contains(other) && reachable[other].Contains(name)))
            );
        return
        [
            .. groups.Select(group =>
                string.Join(
                    '\n',
                    group.SelectMany(name =>
                        _references[name].Where(to => group.Contains(to.Key)).Select(to => $"{name} -> {to.Key}: {to.Value}")
                    )
                )
            ),
        ];
    }

    /// <summary>References that go from a lower layer to a higher one, each with one example, and namespaces that stand in no
    /// layer.</summary>
    /// <param name="layers">Namespaces from the lowest to the highest.</param>
    public IReadOnlyList<string> UpwardReferences(params IReadOnlyList<string> layers)
    {
        var height = layers.Select((name, i) => (name, i)).ToDictionary(layer => layer.name, layer => layer.i, StringComparer.Ordinal);
        return
        [
            .. Namespaces.Where(name => !height.ContainsKey(name)).Select(name => $"{name} stands in no layer"),
            .. layers.Where(name => !_references.ContainsKey(name)).Select(name => $"{name} has no types"),
            .. from name in Namespaces
               where height.ContainsKey(name)
               from to in _references[name]
               where height.TryGetValue(to.Key, out var above) && above > height[name]
               select $"{name} -> {to.Key}: {to.Value}",
        ];
    }

    private HashSet<string> Reachable(string from)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([from]);
        while (open.TryPop(out var name))
            foreach (var to in _references[name].Keys)
                if (found.Add(to)) open.Push(to);
        return found;
    }

    private void ReadType(Type type)
    {
        // Types without a namespace are made by the compiler, such as the arrays of constants.
        if (type.Namespace is not { } name || !_counts(name)) return;
        _references.TryAdd(name, new(StringComparer.Ordinal));
        Add(type, type.BaseType);
        foreach (var implemented in type.GetInterfaces()) Add(type, implemented);
        AddAttributes(type, type);
        foreach (var parameter in type.GetGenericArguments())
            foreach (var constraint in parameter.GetGenericParameterConstraints()) Add(type, constraint);
        foreach (var field in type.GetFields(Declared))
        {
            Add(type, field.FieldType);
            AddAttributes(type, field);
        }

        foreach (var property in type.GetProperties(Declared)) AddAttributes(type, property);
        foreach (var method in type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)))
            ReadMethod(type, method);
    }

    private void ReadMethod(Type type, MethodBase method)
    {
        AddAttributes(type, method);
        if (method is MethodInfo { ReturnType: var result }) Add(type, result);
        foreach (var parameter in method.GetParameters()) Add(type, parameter.ParameterType);
        if (method.IsGenericMethod)
            foreach (var argument in method.GetGenericArguments())
                foreach (var constraint in argument.GetGenericParameterConstraints()) Add(type, constraint);
        if (method.GetMethodBody() is not { } body) return;
        foreach (var local in body.LocalVariables) Add(type, local.LocalType);
        foreach (var clause in body.ExceptionHandlingClauses)
            if (clause.Flags == ExceptionHandlingClauseOptions.Clause) Add(type, clause.CatchType);
        var typeArguments = type.IsGenericType ? type.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        foreach (var token in Tokens(body.GetILAsByteArray() ?? []))
            AddMember(type, method.Module.ResolveMember(token, typeArguments, methodArguments));
    }

    private void AddMember(Type from, MemberInfo? member)
    {
        switch (member)
        {
            case Type type:
                Add(from, type);
                break;
            case MethodInfo method:
                Add(from, method.DeclaringType);
                Add(from, method.ReturnType);
                if (method.IsGenericMethod)
                    foreach (var argument in method.GetGenericArguments()) Add(from, argument);
                break;
            case FieldInfo field:
                Add(from, field.DeclaringType);
                Add(from, field.FieldType);
                break;
            case not null:
                Add(from, member.DeclaringType);
                break;
        }
    }

    private void AddAttributes(Type from, MemberInfo member)
    {
        foreach (var attribute in member.GetCustomAttributesData())
            if (attribute.AttributeType != typeof(CompilerGeneratedAttribute)) Add(from, attribute.AttributeType);
    }

    private void Add(Type from, Type? to)
    {
        if (to is null || to.IsGenericParameter) return;
        if (to.HasElementType)
        {
            Add(from, to.GetElementType());
            return;
        }

        if (to.IsGenericType)
            foreach (var argument in to.GetGenericArguments()) Add(from, argument);
        if (to.Assembly != _assembly || to.Namespace is not { } name || name == from.Namespace || !_counts(name)) return;
        _references[from.Namespace!].TryAdd(name, $"{Outermost(from).Name} uses {Outermost(to).Name}");
    }

    private static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } outer) type = outer;
        return type;
    }

    /// <summary>The metadata tokens of types and members among the operands of a method's instructions (ECMA-335, partition III).</summary>
    private static IEnumerable<int> Tokens(byte[] code)
    {
        for (var at = 0; at < code.Length;)
        {
            // Codes of two bytes begin with 0xFE.
            var op = code[at] == 0xFE ? OpCodeTable[(short)((code[at] << 8) | code[at + 1])] : OpCodeTable[code[at]];
            at += op.Size;
            if (op.OperandType is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
                yield return BitConverter.ToInt32(code, at);
            at += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
