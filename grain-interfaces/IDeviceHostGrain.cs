using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>
/// The devices of a silo; the key is <c>silo@generation</c>, and the grain is placed on that silo. An answer is also the sign that the
/// silo is alive.
/// </summary>
[Alias("freemask.IDeviceHostGrain")]
public interface IDeviceHostGrain : IGrainWithStringKey
{
    /// <summary>The devices that take work now; none if the silo has none, or shuts down.</summary>
    [Alias("GetDevices"), AlwaysInterleave, ResponseTimeout("00:00:03")]
    Task<ImmutableArray<DeviceState>> GetDevices();

    /// <summary>
    /// Takes the silo's devices out of work until the silo is restarted: queued samples are given back at once, and running batches are
    /// finished. Grains and trainings stay. Returns before the devices are empty; repeated calls change nothing.
    /// </summary>
    [Alias("Drain"), AlwaysInterleave]
    Task Drain();

    /// <summary>Whether the silo's devices take no work any more, because the silo is drained or shuts down.</summary>
    [Alias("IsDraining"), AlwaysInterleave, ResponseTimeout("00:00:03")]
    Task<bool> IsDraining();

    /// <summary>The silo's environment. The first answer about a bundle takes as long as hashing it.</summary>
    /// <param name="model">The bundle as a run names it.</param>
    [Alias("GetEnvironment"), AlwaysInterleave, ResponseTimeout("00:05:00")]
    Task<SiloEnvironment> GetEnvironment(string model);

    /// <summary>Whether the silo can train and evaluate for a run. The first answer takes as long as hashing the data sets that the run
    /// names.</summary>
    [Alias("GetTrainingOffer"), AlwaysInterleave, ResponseTimeout("00:05:00")]
    Task<TrainingOffer> GetTrainingOffer(RunSpec spec);
}

/// <summary>Whether a silo can train and evaluate for a run.</summary>
/// <param name="HostsTrainers">Whether trainings and evaluations may be placed on the silo at all.</param>
/// <param name="Refusal">Why it trains for no run of this kind, such as one with a training program; null where it does.</param>
/// <param name="TrainingLack">Data of trainings that it lacks, to show to users; null where nothing is missing.</param>
/// <param name="EvaluationLack">The same of evaluations.</param>
[GenerateSerializer, Immutable, Alias("freemask.TrainingOffer")]
public sealed record TrainingOffer(
    [property: Id(0)] bool HostsTrainers,
    [property: Id(1)] string? Refusal = null,
    [property: Id(2)] string? TrainingLack = null,
    [property: Id(3)] string? EvaluationLack = null
);

/// <summary>A device that takes work.</summary>
/// <param name="Key">The key of its worker.</param>
/// <param name="Kind">Its kind, such as <c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Outstanding">Samples that it has, queued or in batches.</param>
[GenerateSerializer, Immutable, Alias("freemask.DeviceState")]
public sealed record DeviceState([property: Id(0)] string Key, [property: Id(1)] string Kind, [property: Id(2)] int Outstanding)
{
    /// <summary>
    /// Batches that it executed within <see cref="StageBatches.Window"/>, by stage; null where that is not known: in answers of earlier
    /// releases, and where only the load was asked for.
    /// </summary>
    [Id(3)]
    public ImmutableArray<StageBatches>? Batches { get; init; }
}

/// <summary>Batches of one stage that a device executed recently.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Batches">Number of batches, at least 1.</param>
/// <param name="Samples">Samples in them.</param>
/// <param name="Capacity">Samples that these batches had room for by the batch size of their runs, at least 1.</param>
[GenerateSerializer, Immutable, Alias("freemask.StageBatches")]
public sealed record StageBatches(
    [property: Id(0)] Stage Stage,
    [property: Id(1)] int Batches,
    [property: Id(2)] int Samples,
    [property: Id(3)] int Capacity
)
{
    /// <summary>The time in which batches count: those that ended within the last five minutes.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    /// <summary>How full the batches were: samples over capacity, in [0, 1].</summary>
    public double Fill => (double)Samples / Capacity;
}
