namespace FreeMask.Grains;

/// <summary>The largest record that the store of runs, rounds and shards accepts.</summary>
/// <param name="Bytes">Bytes of a record as it is stored; null for a store without a limit.</param>
internal sealed record RecordLimit(int? Bytes);
