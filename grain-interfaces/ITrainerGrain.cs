using System.Collections.Immutable;
using Orleans.Concurrency;

namespace FreeMask.GrainInterfaces;

/// <summary>Trains and measures segmenters of a run, one job at a time, in the background; the key is the run's id.</summary>
[Alias("freemask.ITrainerGrain")]
public interface ITrainerGrain : IGrainWithStringKey
{
    /// <summary>Sees to it that a job is done or under way; finished jobs answer with their result. Never waits for the job.</summary>
    [Alias("EnsureStarted")]
    Task<JobReport> EnsureStarted(TrainingJob job);

    /// <summary>A job as it stands, without starting it; null where it was never asked for.</summary>
    [Alias("GetJob"), AlwaysInterleave]
    Task<JobReport?> GetJob(string id);

    /// <summary>Stops what is under way; <see cref="EnsureStarted"/> goes on from the last checkpoint.</summary>
    /// <returns>True when nothing is under way any more.</returns>
    [Alias("Stop")]
    Task<bool> Stop();

    /// <summary>The artifacts that the jobs' records name: checkpoints and models.</summary>
    [Alias("GetArtifacts"), AlwaysInterleave]
    Task<ImmutableArray<string>> GetArtifacts();

    /// <summary>Forgets the result of a job whose model the artifact store has lost, so that <see cref="EnsureStarted"/> makes it again, from the same samples and seed.</summary>
    [Alias("ForgetResult")]
    Task ForgetResult(string id);

    /// <summary>Says that the store has lost writes: the trainer reads its record again. What is under way goes on.</summary>
    [Alias("StoreLostWrites"), OneWay]
    Task StoreLostWrites();

    /// <summary>Removes the record of the jobs. Nothing may be under way.</summary>
    [Alias("Remove")]
    Task Remove();

    /// <summary>Forgets the failure of a job, so that <see cref="EnsureStarted"/> tries it again.</summary>
    [Alias("ResetFailures")]
    Task ResetFailures();
}

/// <summary>A training or a measurement.</summary>
/// <param name="Id">The job's name within the run, such as <c>0/fold1</c>; equal names mean the same job.</param>
/// <param name="Title">What the user reads.</param>
/// <param name="Kind">Train or evaluate.</param>
/// <param name="Spec">What the run makes.</param>
/// <param name="Round">The round to tell when something moves.</param>
/// <param name="Lists">Lists of samples to learn from (artifact hashes).</param>
/// <param name="LeftOut">The fold whose samples are not learned from; null to learn from all.</param>
/// <param name="Steps">Optimiser steps.</param>
/// <param name="Model">The model to measure; null when training.</param>
/// <param name="Environment">What the run began in; null where it was not noted.</param>
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

/// <summary>What a job does.</summary>
[GenerateSerializer, Alias("freemask.JobKind")]
public enum JobKind : byte
{
    /// <summary>Makes a model.</summary>
    Train = 0,

    /// <summary>Measures one.</summary>
    Evaluate = 1,
}

/// <summary>What has become of a job.</summary>
[GenerateSerializer, Alias("freemask.JobState")]
public enum JobState : byte
{
    /// <summary>Under way.</summary>
    Running = 0,

    /// <summary>Done.</summary>
    Done = 1,

    /// <summary>Failed.</summary>
    Failed = 2,

    /// <summary>Not under way: stopped, or another job is.</summary>
    Waiting = 3,
}

/// <summary>A job as it stands.</summary>
/// <param name="State">What has become of it.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="Model">The trained model, once done.</param>
/// <param name="Quality">The measurement, once done.</param>
/// <param name="Seconds">Seconds of work.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Note">Why it waits, where that is for a user to know.</param>
[GenerateSerializer, Immutable, Alias("freemask.JobReport")]
public sealed record JobReport(
    [property: Id(0)] JobState State,
    [property: Id(1)] TrainingProgress Progress,
    [property: Id(2)] SegmenterModel? Model,
    [property: Id(3)] SegmenterQuality? Quality,
    [property: Id(4)] double Seconds,
    [property: Id(5)] string? Error,
    [property: Id(6)] string? Note = null);
