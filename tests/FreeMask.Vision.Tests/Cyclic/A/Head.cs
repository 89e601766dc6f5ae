using FreeMask.Vision.Tests.Cyclic.B;

namespace FreeMask.Vision.Tests.Cyclic.A;

/// <summary>Refers to a namespace that refers back, for <see cref="ArchitectureTests"/>.</summary>
internal static class Head
{
    internal static int Length => Tail.Length;
}
