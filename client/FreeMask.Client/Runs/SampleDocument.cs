using System.Text.Json.Serialization;
using FreeMask.GrainInterfaces;

namespace FreeMask.Client.Runs;

/// <summary>The document of a sample for <c>--json</c>.</summary>
internal sealed record SampleDocument
{
    /// <summary>The round, from 1.</summary>
    public required int Round { get; init; }

    /// <summary>The index within the round, from 0.</summary>
    public required int Index { get; init; }

    public required SampleState State { get; init; }

    public required string Class { get; init; }

    /// <summary>The prompt; empty for an image of a folder.</summary>
    public required string Prompt { get; init; }

    /// <summary>The image's name in the source folder; null for a generated image.</summary>
    public required string? Source { get; init; }

    /// <summary>The index of the sample whose image it uses again, with objects pasted in; null where the image is its own.</summary>
    public required int? Drawing { get; init; }

    /// <summary>The attempt, from 0: one more after each rejected mask.</summary>
    public required int Attempt { get; init; }

    /// <summary>In [0, 1]; null before the sample is scored.</summary>
    public required double? Score { get; init; }

    /// <summary>Why it was last rejected, faulted or quarantined; null if it never was.</summary>
    public required string? Failure { get; init; }

    /// <summary>Numbers about the results of stages, such as <c>mask.threshold</c>.</summary>
    public required IReadOnlyDictionary<string, double> Facts { get; init; }

    /// <summary>Seconds of work by stage: a batch's time divided by its samples.</summary>
    public required IReadOnlyDictionary<string, double> Seconds { get; init; }

    /// <summary>When each stage last ended (UTC), by stage; without those of earlier versions, which did not record it.</summary>
    public required IReadOnlyDictionary<string, DateTimeOffset> EndedAt { get; init; }

    /// <summary>sha256 of each artifact by name.</summary>
    public required IReadOnlyDictionary<string, string> Artifacts { get; init; }

    /// <summary>sha256 of the model that scored it; null before it is scored.</summary>
    public required string? ScoringModel { get; init; }

    /// <summary>The places that were tried for each pasted object; only where one sample is asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PlacementDocument>? Placements { get; init; }

    /// <summary>A sample of a list.</summary>
    internal static SampleDocument Of(SampleRecord sample) => new()
    {
        Round = sample.Round + 1,
        Index = sample.Index,
        State = sample.State,
        Class = sample.Plan.Class,
        Prompt = sample.Plan.Prompt,
        Source = sample.Plan.Source.Length > 0 ? sample.Plan.Source : null,
        Drawing = sample.Plan.Drawing,
        Attempt = sample.Attempt,
        Score = sample.Score,
        Failure = sample.Failure,
        Facts = sample.Facts.ToDictionary(fact => fact.Name, fact => fact.Value),
        Seconds = sample.Timings.ToDictionary(
            timing => timing.Stage.ToString().ToLowerInvariant(),
            timing => Math.Round(timing.Seconds, 6)
        ),
        EndedAt = sample.Timings.Where(timing => timing.EndedAt is not null).ToDictionary(
            timing => timing.Stage.ToString().ToLowerInvariant(),
            timing => timing.EndedAt!.Value
        ),
        Artifacts = sample.Artifacts.ToDictionary(artifact => artifact.Name, artifact => artifact.Hash),
        ScoringModel = sample.ScoringModel,
    };

    /// <summary>A sample that was asked for alone: with the places that were tried for its pasted objects.</summary>
    internal static SampleDocument OfOne(SampleRecord sample) => Of(sample) with { Placements = PlacementDocument.Of(sample) };
}
