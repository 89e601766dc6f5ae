namespace FreeMask.Grains.Domain;

/// <summary>The state that the samples of a shard have to reach, and earlier ones in which some of them wait.</summary>
/// <param name="State">The state to reach.</param>
/// <param name="Held">The state in which samples wait that take objects of others; null where none waits.</param>
/// <param name="TakesObjects">Whether an attempt of the sample with an index takes objects of others; null where none waits.</param>
internal readonly record struct ShardTarget(SampleState State, SampleState? Held = null, Func<int, int, bool>? TakesObjects = null)
{
    /// <summary>The index of the first second use of a drawing; samples from it on are never generated.</summary>
    public int FirstSecondUse { get; init; } = int.MaxValue;

    /// <summary>Whether second uses of drawings wait, planned.</summary>
    public bool HoldsSecondUses { get; init; }

    /// <summary>The target of a shard's desired state.</summary>
    public static ShardTarget Of(ShardDesiredState desired)
    {
        Func<int, int, bool>? takes =
            desired.Held is null
                ? null
                : (index, attempt) => SamplePlanner.TakesObjects(desired.Spec, desired.Round, index, attempt);
        return new(desired.Target, desired.Held, takes)
        {
            FirstSecondUse = SamplePlanner.DrawingsPerRound(desired.Spec),
            HoldsSecondUses = desired.HoldsSecondUses,
        };
    }

    /// <summary>One state for all samples.</summary>
    public static implicit operator ShardTarget(SampleState state) => new(state);

    /// <summary>Whether a sample is the second use of a drawing.</summary>
    public bool IsSecondUse(int index) => index >= FirstSecondUse;

    /// <summary>The state that an attempt of a sample has to reach.</summary>
    public SampleState For(int index, int attempt) => Held is { } held && TakesObjects!(index, attempt) ? held : State;
}
