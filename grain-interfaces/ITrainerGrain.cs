using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>Trains and evaluates segmenters of a run in the background, one job at a time; the key is the run's id.</summary>
[Alias("freemask.ITrainerGrain")]
public interface ITrainerGrain : IGrainWithStringKey
{
    /// <summary>Ensures that a job is running or done; a finished job returns its result. Never waits for the job.</summary>
    [Alias("EnsureStarted")]
    Task<JobReport> EnsureStarted(TrainingJob job);

    /// <summary>A job, without starting it; null if it was never started.</summary>
    [Alias("GetJob"), AlwaysInterleave]
    Task<JobReport?> GetJob(string id);

    /// <summary>Stops the running job; <see cref="EnsureStarted"/> continues it from the last checkpoint.</summary>
    /// <returns>True when no job is running any more.</returns>
    [Alias("Stop")]
    Task<bool> Stop();

    /// <summary>The artifacts that the jobs' records refer to: checkpoints and models.</summary>
    [Alias("GetArtifacts"), AlwaysInterleave]
    Task<ImmutableArray<string>> GetArtifacts();

    /// <summary>
    /// Clears the result of a job whose model the artifact store has lost, so that <see cref="EnsureStarted"/> trains it again from the
    /// same samples and seed.
    /// </summary>
    [Alias("ForgetResult")]
    Task ForgetResult(string id);

    /// <summary>Notifies the trainer that the store has lost writes: it reads its record again. The running job continues.</summary>
    [Alias("StoreLostWrites"), OneWay]
    Task StoreLostWrites();

    /// <summary>Removes the record of the jobs. No job may be running.</summary>
    [Alias("Remove")]
    Task Remove();

    /// <summary>Clears the failure of a job, so that <see cref="EnsureStarted"/> tries it again.</summary>
    [Alias("ResetFailures")]
    Task ResetFailures();
}

/// <summary>A training or an evaluation.</summary>
/// <param name="Id">The job's name within the run, such as <c>0/fold1</c>; equal names mean the same job.</param>
/// <param name="Title">Its display name.</param>
/// <param name="Kind">Train or evaluate.</param>
/// <param name="Spec">What the run makes.</param>
/// <param name="Round">The round to notify of changes.</param>
/// <param name="Lists">Lists of training samples (artifact hashes).</param>
/// <param name="LeftOut">The fold that is left out of the training samples; null for all.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="Model">The model to evaluate; null for a training, and for an evaluation of the starting segmenter.</param>
/// <param name="Environment">The run's environment; null if it was not recorded.</param>
[GenerateSerializer, Immutable, Alias("freemask.TrainingJob")]
public sealed record TrainingJob(
    [property: Id(0)] string Id,
    [property: Id(1)] string Title,
    [property: Id(2)] JobKind Kind,
    [property: Id(3)] RunSpec Spec,
    [property: Id(4)] int Round,
    [property: Id(5)] ImmutableArray<string> Lists,
    [property: Id(6)] int? LeftOut,
    [property: Id(7)] int Steps,
    [property: Id(8)] SegmenterModel? Model,
    [property: Id(9)] RunEnvironment? Environment = null);

/// <summary>Kinds of jobs.</summary>
[GenerateSerializer, Alias("freemask.JobKind")]
public enum JobKind : byte
{
    /// <summary>Trains a model.</summary>
    Train = 0,

    /// <summary>Evaluates a model.</summary>
    Evaluate = 1,
}

/// <summary>States of a job.</summary>
[GenerateSerializer, Alias("freemask.JobState")]
public enum JobState : byte
{
    /// <summary>Running.</summary>
    Running = 0,

    /// <summary>Done.</summary>
    Done = 1,

    /// <summary>Failed.</summary>
    Failed = 2,

    /// <summary>Not running: stopped, or another job is running.</summary>
    Waiting = 3,
}

/// <summary>A job's state and result.</summary>
/// <param name="State">The state.</param>
/// <param name="Progress">The progress.</param>
/// <param name="Model">The trained model, once done.</param>
/// <param name="Quality">The evaluation, once done.</param>
/// <param name="Seconds">Seconds of work.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Note">Why it waits, to show to users; null otherwise.</param>
[GenerateSerializer, Immutable, Alias("freemask.JobReport")]
public sealed record JobReport(
    [property: Id(0)] JobState State,
    [property: Id(1)] TrainingProgress Progress,
    [property: Id(2)] SegmenterModel? Model,
    [property: Id(3)] SegmenterQuality? Quality,
    [property: Id(4)] double Seconds,
    [property: Id(5)] string? Error,
    [property: Id(6)] string? Note = null);
