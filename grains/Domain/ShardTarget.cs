namespace FreeMask.Grains.Domain;

/// <summary>The state that the samples of a shard have to reach, and an earlier one in which some of them wait.</summary>
/// <param name="State">The state to reach.</param>
/// <param name="Held">The state in which samples wait that take objects of others; null where none waits.</param>
/// <param name="TakesObjects">Whether an attempt of the sample with an index takes objects of others; null where none waits.</param>
internal readonly record struct ShardTarget(SampleState State, SampleState? Held = null, Func<int, int, bool>? TakesObjects = null)
{
    /// <summary>The target of a shard's desired state.</summary>
    public static ShardTarget Of(ShardDesiredState desired) =>
        desired.Held is { } held
            ? new(desired.Target, held, (index, attempt) => SamplePlanner.TakesObjects(desired.Spec, desired.Round, index, attempt))
            : new(desired.Target);

    /// <summary>One state for all samples.</summary>
    public static implicit operator ShardTarget(SampleState state) => new(state);

    /// <summary>The state that an attempt of a sample has to reach.</summary>
    public SampleState For(int index, int attempt) => Held is { } held && TakesObjects!(index, attempt) ? held : State;
}
