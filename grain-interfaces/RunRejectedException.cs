using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>A run could not be started as asked. The message says why; <see cref="Problems"/> names each place of the specification.</summary>
[GenerateSerializer, Alias("freemask.RunRejectedException")]
public sealed class RunRejectedException : Exception
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">What the user reads.</param>
    /// <param name="problems">What is wrong with the specification; empty where it is another thing.</param>
    public RunRejectedException(string message, ImmutableArray<SpecProblem> problems) : base(message) => Problems = problems;

    /// <summary>What is wrong with the specification.</summary>
    [Id(0)] public ImmutableArray<SpecProblem> Problems { get; }
}

/// <summary>Something wrong in a specification.</summary>
/// <param name="Path">Where, as in the run file: <c>generation.steps</c>, <c>classes[2]</c>.</param>
/// <param name="Message">What, and the remedy.</param>
[GenerateSerializer, Immutable, Alias("freemask.SpecProblem")]
public sealed record SpecProblem([property: Id(0)] string Path, [property: Id(1)] string Message);
