using System.Collections.Immutable;

namespace FreeMask.GrainInterfaces;

/// <summary>A run was refused. The message says why; <see cref="Problems"/> names each place in the specification.</summary>
[GenerateSerializer, Alias("freemask.RunRejectedException")]
public sealed class RunRejectedException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The message for the user.</param>
    /// <param name="problems">Errors in the specification; empty if the cause is another one.</param>
    public RunRejectedException(string message, ImmutableArray<SpecProblem> problems) : base(message) => Problems = problems;

    /// <summary>Errors in the specification.</summary>
    [Id(0)] public ImmutableArray<SpecProblem> Problems { get; }
}

/// <summary>An error in a specification.</summary>
/// <param name="Path">The key as in the run file: <c>generation.steps</c>, <c>classes[2]</c>.</param>
/// <param name="Message">What is wrong, and the remedy.</param>
[GenerateSerializer, Immutable, Alias("freemask.SpecProblem")]
public sealed record SpecProblem([property: Id(0)] string Path, [property: Id(1)] string Message);
