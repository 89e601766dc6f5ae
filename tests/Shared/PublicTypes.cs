using System.Reflection;
using Xunit;

namespace FreeMask.Tests.Shared;

/// <summary>Which types of an assembly other programs see (docs/decisions/0006-projects-of-the-method.md).</summary>
internal static class PublicTypes
{
    /// <summary>Asserts that an assembly has no public types but these. Generated code does not count.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="names">Full names of the types that are public on purpose.</param>
    public static void AssertOnly(Assembly assembly, params string[] names)
    {
        var found = assembly.GetExportedTypes()
            .Where(type => !type.IsNested && type.FullName!.StartsWith("FreeMask.", StringComparison.Ordinal))
            .Select(type => type.FullName!);
        Assert.Equal(names.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }
}
