using System.Collections.Immutable;
using System.Globalization;

namespace FreeMask.GrainInterfaces;

/// <summary>The durable record of a sample: plan, state, artifacts, score and failures.</summary>
[GenerateSerializer, Immutable, Alias("freemask.SampleRecord")]
public sealed record SampleRecord
{
    /// <summary>The round.</summary>
    [Id(0)] public required int Round { get; init; }

    /// <summary>The index within the round, from 0.</summary>
    [Id(1)] public required int Index { get; init; }

    /// <summary>Class, prompt and random stream, fixed before any work.</summary>
    [Id(2)] public required SamplePlan Plan { get; init; }

    /// <summary>The state.</summary>
    [Id(3)] public SampleState State { get; init; }

    /// <summary>The attempt: 0 at first, one more after each rejected mask. Each attempt has its own random streams.</summary>
    [Id(4)] public int Attempt { get; init; }

    /// <summary>Faults in this state and attempt; reset to 0 when either changes.</summary>
    [Id(5)] public int Faults { get; init; }

    /// <summary>The last operation that changed this record, for diagnosis: stage, attempt and number of faults.</summary>
    [Id(6)] public string Operation { get; init; } = "";

    /// <summary>Artifacts of the stages, by name (<see cref="ArtifactNames"/>), sorted by name.</summary>
    [Id(7)] public ImmutableArray<ArtifactReference> Artifacts { get; init; } = [];

    /// <summary>Numbers about the results of stages, such as <c>mask.threshold</c>; sorted by name.</summary>
    [Id(8)] public ImmutableArray<SampleFact> Facts { get; init; } = [];

    /// <summary>The score: mean IoU over the classes present, in [0, 1], rounded to 1e-6; null before it is scored.</summary>
    [Id(9)] public double? Score { get; init; }

    /// <summary>Seconds of work per stage: a batch's time divided by its samples; repeated work is added.</summary>
    [Id(10)] public ImmutableArray<StageTiming> Timings { get; init; } = [];

    /// <summary>Why the sample was last rejected, faulted or quarantined; null if it never was.</summary>
    [Id(11)] public string? Failure { get; init; }

    /// <summary>The hash of the model that scored the sample.</summary>
    [Id(12)] public string? ScoringModel { get; init; }

    /// <summary>For a quarantined sample: the state in which it failed, where a retry continues.</summary>
    [Id(13)] public SampleState FailedAt { get; init; }

    /// <summary>For a quarantined sample: true where its masks were rejected, false where work on it failed.</summary>
    [Id(14)] public bool Rejected { get; init; }

    /// <summary>The first attempt that counts against the maximum number of attempts: 0 until a retry.</summary>
    [Id(15)] public int FirstAttempt { get; init; }

    /// <summary>
    /// For each pasted object, in the order of pasting, the places that were tried; empty in records of earlier versions.
    /// </summary>
    [Id(16)] public ImmutableArray<ObjectPlaces> Places { get; init; } = [];

    /// <summary>The hash of an artifact, or null where there is none of this name.</summary>
    public string? Artifact(string name)
    {
        foreach (var artifact in Artifacts)
            if (artifact.Name == name) return artifact.Hash;
        return null;
    }
}

/// <summary>The plan of a sample; a pure function of specification, round and index.</summary>
/// <param name="Stream">The sample's number over all rounds: part of the key of its random streams.</param>
/// <param name="Class">The class by its name in the label set.</param>
/// <param name="ClassIndex">The class index in label maps, from 1.</param>
/// <param name="Background">The scene words; empty where the prompt names none.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="NegativePrompt">The negative prompt; empty for none.</param>
/// <param name="Seed">The run's seed. Seed, <paramref name="Stream"/>, attempt and purpose are the key of every random stream of this
/// sample.</param>
/// <param name="Source">The image's name in the source folder; empty for a generated image.</param>
/// <param name="Drawing">For the second use of a drawing: the index within the round of the sample whose image, attention and label map it
/// takes; objects are pasted into them. Null for a drawing.</param>
[GenerateSerializer, Immutable, Alias("freemask.SamplePlan")]
public sealed record SamplePlan(
    [property: Id(0)] long Stream,
    [property: Id(1)] string Class,
    [property: Id(2)] int ClassIndex,
    [property: Id(3)] string Background,
    [property: Id(4)] string Prompt,
    [property: Id(5)] string NegativePrompt,
    [property: Id(6)] ulong Seed,
    [property: Id(7)] string Source = "",
    [property: Id(8)] int? Drawing = null);

/// <summary>An artifact of a stage, by its content hash.</summary>
/// <param name="Name">Which output of the stage; see <see cref="ArtifactNames"/>.</param>
/// <param name="Hash">The sha256 of the bytes: 64 lower-case hexadecimal digits.</param>
/// <param name="Device">The kind of device that made it, such as <c>cpu</c>: floating point differs between kinds.</param>
[GenerateSerializer, Immutable, Alias("freemask.ArtifactReference")]
public sealed record ArtifactReference([property: Id(0)] string Name, [property: Id(1)] string Hash, [property: Id(2)] string Device);

/// <summary>A number that a stage reports about its result.</summary>
/// <param name="Name">Such as <c>mask.threshold</c> or <c>mask.area</c>: the stage, and what the number is.</param>
/// <param name="Value">The number.</param>
[GenerateSerializer, Immutable, Alias("freemask.SampleFact")]
public sealed record SampleFact([property: Id(0)] string Name, [property: Id(1)] double Value);

/// <summary>Names of facts that more than one stage needs.</summary>
public static class FactNames
{
    /// <summary>The number of objects that were pasted into the sample.</summary>
    public const string Pasted = "compose.pasted";

    /// <summary>The index of the sample of the same round that a pasted object was cut from.</summary>
    /// <param name="number">The object, from 1 in the order of pasting: back to front.</param>
    public static string DonorOf(int number) => string.Create(CultureInfo.InvariantCulture, $"compose.{number}.donor");

    /// <summary>Whether a fact is about one pasted object.</summary>
    public static bool IsOfObject(string name) =>
        name.StartsWith("compose.", StringComparison.Ordinal) && name.Length > 8 && char.IsAsciiDigit(name[8]);

    /// <summary>The score of a pasted object's place, in [0, 1].</summary>
    /// <param name="number">The object, from 1 in the order of pasting: back to front.</param>
    public static string PlaceOf(int number) => string.Create(CultureInfo.InvariantCulture, $"compose.{number}.place");
}

/// <summary>Seconds of work in a stage.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Seconds">Seconds.</param>
[GenerateSerializer, Immutable, Alias("freemask.StageTiming")]
public sealed record StageTiming([property: Id(0)] Stage Stage, [property: Id(1)] double Seconds)
{
    /// <summary>
    /// When the stage last ended, by the clock of the device's silo (UTC, to the millisecond); null in records of earlier versions.
    /// </summary>
    public DateTimeOffset? EndedAt => EndedAtMilliseconds == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(EndedAtMilliseconds);

    /// <summary>
    /// The stored form of <see cref="EndedAt"/>, milliseconds since 1970; 0 for null. A record is written after every stage: it is kept
    /// small.
    /// </summary>
    [Id(2)] public long EndedAtMilliseconds { get; init; }
}

/// <summary>Names of artifacts.</summary>
public static class ArtifactNames
{
    /// <summary>Generate: the image (PNG).</summary>
    public const string Image = "image";

    /// <summary>Generate: the captured, reduced attention (safetensors).</summary>
    public const string Attention = "attention";

    /// <summary>Mask: the label map of the single object (PNG, one channel, 255 ignore).</summary>
    public const string Label = "label";

    /// <summary>Compose: the image with pasted objects (PNG); the original image if none were pasted.</summary>
    public const string CompositeImage = "composite-image";

    /// <summary>Compose: the label map that belongs to it.</summary>
    public const string CompositeLabel = "composite-label";

    /// <summary>Compose: the instance map (PNG, one channel, 0 background, 1.. the objects, 255 ignore).</summary>
    public const string Instances = "instances";

    /// <summary>Compose: a map of the pasted pixels; absent if there are none.</summary>
    public const string Pasted = "pasted";

    /// <summary>Harmonize: the final image (PNG).</summary>
    public const string FinalImage = "final-image";

    /// <summary>Score: the prediction of the scoring model (PNG label map), for the report.</summary>
    public const string Prediction = "prediction";
}

/// <summary>Which samples of a run to list.</summary>
[GenerateSerializer, Immutable, Alias("freemask.SampleQuery")]
public sealed record SampleQuery
{
    /// <summary>The round.</summary>
    [Id(0)] public required int Round { get; init; }

    /// <summary>Only samples in this state; null for all.</summary>
    [Id(1)] public SampleState? State { get; init; }

    /// <summary>Only samples of this class; null for all.</summary>
    [Id(2)] public string? Class { get; init; }

    /// <summary>The first index: 0, or <see cref="SamplePage.Next"/> of the previous page.</summary>
    [Id(3)] public int From { get; init; }

    /// <summary>Maximum number of samples in the answer, 1-1000. Default 100.</summary>
    [Id(4)] public int Limit { get; init; } = 100;
}

/// <summary>A page of samples of a round, ordered by index.</summary>
/// <param name="Samples">The samples.</param>
/// <param name="Next">Where the next page starts; null after the last.</param>
[GenerateSerializer, Immutable, Alias("freemask.SamplePage")]
public sealed record SamplePage([property: Id(0)] ImmutableArray<SampleRecord> Samples, [property: Id(1)] int? Next);
