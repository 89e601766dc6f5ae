using System.Collections.Immutable;
using System.Globalization;

namespace FreeMask.Grains.Domain;

/// <summary>
/// The state machine of a sample. A result is applied only if the record has the state before its stage and the same attempt; a fault only
/// if the number of faults is the same too. Other results are stale or repeated and change nothing. The grain storage writes the record
/// with its version (ETag), so that of two concurrent writers one fails and decides again. Attempts only grow, and within an attempt the
/// state only moves forward.
/// </summary>
internal static class SampleTransitions
{
    /// <summary>Scores are rounded to 1 / ScoreScale before they are compared or stored.</summary>
    public const int ScoreScale = 1_000_000;

    /// <summary>The name of an operation, kept in the record for diagnosis: stage, attempt and number of faults.</summary>
    public static string OperationOf(Stage kind, int attempt, int faults) => $"{kind}.{attempt}.{faults}";

    /// <summary>The record of a new sample.</summary>
    public static SampleRecord Fresh(int round, int index, SamplePlan plan) => new() { Round = round, Index = index, Plan = plan };

    /// <summary>Applies the result of a stage.</summary>
    /// <param name="stages">The stages.</param>
    /// <param name="record">The current record.</param>
    /// <param name="completion">The result.</param>
    /// <returns>The record to keep; the same instance where the result is stale or repeated.</returns>
    public static SampleRecord Apply(StageTable stages, SampleRecord record, StageCompletion completion)
    {
        if (record.State != stages[completion.Stage].Before || record.Attempt != completion.Attempt) return record;
        return completion.Result switch
        {
            StageResult.Done => Done(stages[completion.Stage], record, completion),
            StageResult.Rejected => Rejected(record, completion),
            // A repeated report of a fault has a lower number of faults than the record.
            _ when record.Faults == completion.Faults => Faulted(record, completion),
            _ => record,
        };
    }

    /// <summary>
    /// Gives the second use of a drawing what the stages before composition made of the drawing. A drawing that was quarantined later has
    /// that too, so that the result does not depend on when it is taken.
    /// </summary>
    /// <param name="stages">The stages.</param>
    /// <param name="record">The current record of the second use.</param>
    /// <param name="drawing">The record of the drawing.</param>
    /// <returns>The record to keep: quarantined where the drawing was quarantined before; the same instance where the drawing was taken
    /// already, or is not ready yet.</returns>
    public static SampleRecord TakeDrawing(StageTable stages, SampleRecord record, SampleRecord drawing)
    {
        if (record.State != SampleState.Planned) return record;
        var (isGivenUp, ready) = (drawing.State == SampleState.Quarantined, stages.OfDrawings.Last().After);
        var taken = record with
        {
            Faults = 0,
            Operation = string.Create(CultureInfo.InvariantCulture, $"TakeDrawing.{drawing.Index}.{drawing.Attempt}"),
        };
        if (stages.HasReached(isGivenUp ? drawing.FailedAt : drawing.State, ready))
        {
            return taken with
            {
                State = ready,
                Attempt = drawing.Attempt,
                Artifacts = [.. drawing.Artifacts.Where(a => IsOfDrawing(stages.OriginOf(a.Name)))],
                Facts = [.. drawing.Facts.Where(f => IsOfDrawing(stages.OriginOfFact(f.Name)))],
            };
        }

        if (!isGivenUp) return record;
        return taken with
        {
            State = SampleState.Quarantined,
            FailedAt = record.State,
            Rejected = false,
            Failure = string.Create(
                CultureInfo.InvariantCulture,
                $"it is the second use of sample {drawing.Index}, which is quarantined: {drawing.Failure ?? "unknown"}"
            ),
        };

        bool IsOfDrawing(StageDefinition? origin) => origin is not null && stages.OfDrawings.Contains(origin);
    }

    /// <summary>Applies selection.</summary>
    /// <returns>The record to keep; the same instance where the sample is not waiting for selection.</returns>
    public static SampleRecord Decide(SampleRecord record, bool kept) => record.State != SampleState.Scored
        ? record
        : record with { State = kept ? SampleState.Kept : SampleState.Dropped, Operation = "Select" };

    /// <summary>
    /// Puts a quarantined sample back into the state in which it failed. A sample whose masks were rejected continues with an attempt that
    /// was never used.
    /// </summary>
    /// <returns>The record to keep; the same instance where the sample is not quarantined.</returns>
    public static SampleRecord Retry(SampleRecord record)
    {
        if (record.State != SampleState.Quarantined) return record;
        var returned = record with { State = record.FailedAt, Faults = 0, Operation = $"Retry.{record.Attempt}" };
        return record.Rejected ? StartAgain(returned) with { FirstAttempt = record.Attempt + 1 } : returned;
    }

    /// <summary>A score in millionths.</summary>
    public static int Quantize(double score) => (int)Math.Round(Math.Clamp(score, 0, 1) * ScoreScale, MidpointRounding.AwayFromZero);

    /// <summary>The part of a record that a shard needs.</summary>
    public static SampleProgress ProgressOf(SampleRecord record) =>
        new(
            record.Index,
            record.State,
            record.Attempt,
            record.Faults,
            record.Score is { } score ? Quantize(score) : -1,
            record.Failure,
            ObjectsOf(record),
            record.Plan.Drawing is not null
        );

    /// <summary>The number of objects of a sample: its own, and those pasted into it.</summary>
    private static byte ObjectsOf(SampleRecord record)
    {
        foreach (var fact in record.Facts)
            if (fact.Name == FactNames.Pasted) return (byte)Math.Clamp(1 + fact.Value, 1, byte.MaxValue);
        return 1;
    }

    private static SampleRecord Done(StageDefinition stage, SampleRecord record, StageCompletion completion)
    {
        return record with
        {
            State = stage.After,
            Faults = 0,
            Operation = OperationOf(completion.Stage, completion.Attempt, record.Faults),
            Artifacts = Merge(record.Artifacts, completion.Artifacts, a => a.Name),
            Facts = Merge(record.Facts, completion.Facts, f => f.Name),
            Places = completion.Stage == Stage.Compose ? completion.Places : record.Places,
            Score = completion.Stage == Stage.Score ? Quantize(completion.Score ?? 0) / (double)ScoreScale : record.Score,
            ScoringModel = completion.Stage == Stage.Score ? completion.ScoringModel : record.ScoringModel,
            Timings = AddTime(record.Timings, completion),
        };
    }

    private static SampleRecord Rejected(SampleRecord record, StageCompletion completion)
    {
        var reason = completion.Reason ?? "rejected";
        var tried = record with
        {
            Operation = OperationOf(completion.Stage, completion.Attempt, record.Faults),
            Failure = reason,
            Timings = AddTime(record.Timings, completion),
        };
        return record.Attempt - record.FirstAttempt + 1 < completion.MaxAttempts
            ? StartAgain(tried)
            : tried with { State = SampleState.Quarantined, FailedAt = record.State, Rejected = true };
    }

    private static SampleRecord Faulted(SampleRecord record, StageCompletion completion)
    {
        var tried = record with
        {
            Operation = OperationOf(completion.Stage, completion.Attempt, record.Faults),
            Faults = record.Faults + 1,
            Failure = completion.Reason ?? "failed",
            Timings = AddTime(record.Timings, completion),
        };
        return tried.Faults < completion.MaxAttempts
            ? tried
            : tried with
            {
                State = SampleState.Quarantined,
                FailedAt = record.State,
                Rejected = false,
            };
    }

    private static SampleRecord StartAgain(SampleRecord record) => record with
    {
        State = SampleState.Planned,
        Attempt = record.Attempt + 1,
        Faults = 0,
        Artifacts = [],
        Facts = [],
        Places = [],
        Score = null,
        ScoringModel = null,
        Rejected = false,
    };

    private static ImmutableArray<T> Merge<T>(ImmutableArray<T> old, IEnumerable<T> added, Func<T, string> name)
    {
        var byName = new SortedDictionary<string, T>(StringComparer.Ordinal);
        foreach (var item in old) byName[name(item)] = item;
        foreach (var item in added) byName[name(item)] = item;
        return [.. byName.Values];
    }

    private static ImmutableArray<StageTiming> AddTime(ImmutableArray<StageTiming> timings, StageCompletion completion)
    {
        for (var i = 0; i < timings.Length; i++)
            if (timings[i].Stage == completion.Stage)
                return timings.SetItem(
                    i,
                    timings[i] with
                    {
                        Seconds = timings[i].Seconds + completion.Seconds,
                        EndedAtMilliseconds = completion.EndedAtMilliseconds,
                    }
                );
        return timings.Add(new StageTiming(completion.Stage, completion.Seconds) { EndedAtMilliseconds = completion.EndedAtMilliseconds });
    }
}
