using System.Collections.Immutable;
using FreeMask.Grains.Stages;

namespace FreeMask.Grains.Training;

/// <summary>The jobs of a trainer.</summary>
[GenerateSerializer, Immutable, Alias("freemask.TrainerRecord")]
internal sealed record TrainerRecord([property: Id(0)] ImmutableArray<JobRecord> Jobs)
{
    /// <summary>No jobs.</summary>
    public static TrainerRecord Empty { get; } = new([]);

    /// <summary>A job; null if it was never started.</summary>
    public JobRecord? Find(string id) => Jobs.FirstOrDefault(j => j.Id == id);

    /// <summary>Adds a job or replaces it.</summary>
    public TrainerRecord With(JobRecord job)
    {
        for (var i = 0; i < Jobs.Length; i++)
            if (Jobs[i].Id == job.Id) return new TrainerRecord(Jobs.SetItem(i, job));
        return new TrainerRecord(Jobs.Add(job));
    }

    /// <summary>Clears failures; checkpoints stay.</summary>
    public TrainerRecord ResetFailures() =>
        Jobs.All(j => j.Error is null) ? this : new TrainerRecord([.. Jobs.Select(j => j with { Error = null, Refusals = [] })]);
}

/// <summary>The stored form of a job.</summary>
[GenerateSerializer, Immutable, Alias("freemask.JobRecord")]
internal sealed record JobRecord
{
    /// <summary>The job's name.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>Steps of the last checkpoint.</summary>
    [Id(1)] public int CheckpointStep { get; init; }

    /// <summary>The last checkpoint; null before the first and after the end.</summary>
    [Id(2)] public string? Checkpoint { get; init; }

    /// <summary>Seconds of work whose result is stored: up to the last checkpoint, or the end.</summary>
    [Id(3)] public double Seconds { get; init; }

    /// <summary>The trained model.</summary>
    [Id(4)] public SegmenterModel? Model { get; init; }

    /// <summary>The evaluation.</summary>
    [Id(5)] public SegmenterQuality? Quality { get; init; }

    /// <summary>Why it failed.</summary>
    [Id(6)] public string? Error { get; init; }

    /// <summary>The pieces of the last checkpoint; empty where it is one artifact.</summary>
    [Id(7)] public ImmutableArray<string> CheckpointPieces { get; init; } = [];

    /// <summary>The silos that lack data of the job, in the order in which they were asked; default in records of earlier
    /// releases.</summary>
    [Id(8)] public ImmutableArray<JobRefusal> Refusals { get; init; } = [];

    /// <summary>Whether there is a result.</summary>
    public bool IsDone => Model is not null || Quality is not null;

    /// <summary>The artifacts that this record refers to.</summary>
    public IEnumerable<string> Artifacts => (Model?.Hashes ?? []).Concat(CheckpointArtifacts);

    /// <summary>The artifacts of the last checkpoint. A record of an earlier version has no pieces.</summary>
    public IEnumerable<string> CheckpointArtifacts =>
        Checkpoint is null ? []
        : CheckpointPieces.IsDefaultOrEmpty ? [Checkpoint]
        : CheckpointPieces.Add(Checkpoint);

    /// <summary>Whether a silo lacks data of the job.</summary>
    /// <param name="silo">Its address.</param>
    public bool IsRefusedBy(string silo) => !Refusals.IsDefault && Refusals.Any(refusal => refusal.Silo == silo);

    /// <summary>Adds a refusal, in place of an earlier one of the same silo.</summary>
    public JobRecord With(JobRefusal refusal) =>
        this with { Refusals = [.. (Refusals.IsDefault ? [] : Refusals).Where(known => known.Silo != refusal.Silo), refusal] };

    /// <summary>What silos lack, for users; null where none lacks anything.</summary>
    public string? Lack =>
        Refusals.IsDefaultOrEmpty ? null : string.Join(" ", Refusals.Select(refusal => $"Silo {refusal.Name}: {refusal.Message}"));

    /// <summary>The checkpoint to continue from.</summary>
    public TrainingCheckpoint? Resume =>
        Checkpoint is null ? null : new TrainingCheckpoint(CheckpointStep, Checkpoint, CheckpointPieces);
}

/// <summary>A silo lacks data of a job.</summary>
/// <param name="Silo">Its address; one that is started again is another silo.</param>
/// <param name="Name">Its name.</param>
/// <param name="Message">What it lacks, for users.</param>
[GenerateSerializer, Immutable, Alias("freemask.JobRefusal")]
internal sealed record JobRefusal([property: Id(0)] string Silo, [property: Id(1)] string Name, [property: Id(2)] string Message);
