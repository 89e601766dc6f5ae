using FreeMask.Vision.Tests.Cyclic.A;

namespace FreeMask.Vision.Tests.Cyclic.B;

/// <summary>Refers to a namespace that refers back, for <see cref="ArchitectureTests"/>.</summary>
internal static class Tail
{
    internal static int Length => typeof(Head).Name.Length;
}
