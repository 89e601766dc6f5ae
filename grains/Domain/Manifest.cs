using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FreeMask.Grains.Artifacts;
using FreeMask.Vision;

namespace FreeMask.Grains.Domain;

/// <summary>
/// The manifest: the content of a data set as JSON lines. Equal data sets have equal manifests, byte for byte. One line for the run, then
/// one for each round and one for each sample. It has no times, paths or fault counts, which depend on how the run went. The line of the
/// run states what the data set depends on besides the run file: the bundle and the arithmetic. The sha256 of the manifest is the run's
/// manifest hash.
/// </summary>
internal static class Manifest
{
    private static readonly string[] DataSetArtifacts = [ArtifactNames.CompositeLabel, ArtifactNames.FinalImage, ArtifactNames.Instances];

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The line of the run.</summary>
    public static byte[] RunLine(RunSpec spec, RunEnvironment? environment) => Line(json =>
    {
        json.WriteString("manifest", "freemask/1");
        json.WriteNumber("seed", spec.Seed);
        json.WriteStartArray("classes");
        foreach (var name in spec.Classes) json.WriteStringValue(name);
        json.WriteEndArray();
        // Ids, words and sizes of classes decide about the data set; those of PASCAL VOC are always the same.
        if (spec.LabelSet() is var labels && labels.Name != LabelSet.VocName)
            json.WriteString("labels", ArtifactHash.Of(Encoding.UTF8.GetBytes(LabelSetJson.Write(labels))));
        json.WriteNumber("rounds", spec.Rounds);
        json.WriteNumber("samplesPerRound", spec.SamplesPerRound);
        json.WriteNumber("keepRatio", spec.KeepRatio);
        if (spec.Mask.AffinityHash is { } affinity) json.WriteString("affinity", affinity);
        if (spec.Composition.ThesaurusHash is { } thesaurus) json.WriteString("thesaurus", thesaurus);
        if (spec.Composition.PlacementHash is { } placement) json.WriteString("placement", placement);
        if (spec.Harmonization.ModelHash is { } harmonizer) json.WriteString("harmonizer", harmonizer);
        if (spec.Training.InitHash is { } start) json.WriteString("start", start);
        if (spec.Training.RealHash is { } real) json.WriteString("real", real);
        json.WriteNumber("trainingThreads", spec.Execution.TrainingThreads);
        if (environment?.Bundle is { } bundle) json.WriteString("bundle", bundle);
        if (environment is null) return;
        json.WriteString("arithmetic", spec.Execution.MixedArithmetic ? "mixed" : environment.Arithmetic);
        json.WriteString("device", spec.Execution.MixedArithmetic ? "mixed" : environment.DeviceKind);
    });

    /// <summary>The line of a round.</summary>
    public static byte[] RoundLine(int round, SelectionDecision decision) => Line(json =>
    {
        json.WriteNumber("round", round);
        json.WriteNumber("kept", decision.Kept);
        json.WriteString("keptIds", decision.KeptIdsHash);
        json.WriteStartArray("cuts");
        foreach (var threshold in decision.Thresholds)
        {
            json.WriteStartObject();
            json.WriteString("class", threshold.Class);
            if (threshold.LeastObjects > 0) json.WriteNumber("objects", threshold.LeastObjects);
            json.WriteNumber("scored", threshold.Scored);
            json.WriteNumber("kept", threshold.Kept);
            json.WriteNumber("score", Micros(threshold.Score));
            json.WriteNumber("last", threshold.LastIndex);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>The line of a sample after selection. Artifacts of a quarantined sample are not part of the data set.</summary>
    public static byte[] SampleLine(SampleRecord sample) => Line(json =>
    {
        var complete = sample.State is SampleState.Kept or SampleState.Dropped;
        json.WriteNumber("round", sample.Round);
        json.WriteNumber("index", sample.Index);
        json.WriteString("stage", NameOf(sample.State));
        json.WriteString("class", sample.Plan.Class);
        if (sample.Plan.Source.Length > 0) json.WriteString("source", sample.Plan.Source);
        else json.WriteString("prompt", sample.Plan.Prompt);
        if (sample.Plan.Drawing is { } drawing) json.WriteNumber("drawing", drawing);
        if (!complete) return;
        json.WriteNumber("attempt", sample.Attempt);
        json.WriteNumber("score", Micros(sample.Score ?? 0));
        foreach (var name in DataSetArtifacts)
            if (sample.Artifact(name) is { } hash) json.WriteString(name, hash);
    });

    /// <summary>Joins lines.</summary>
    public static byte[] Piece(IEnumerable<SampleRecord> samples)
    {
        using var bytes = new MemoryStream();
        foreach (var sample in samples) bytes.Write(SampleLine(sample));
        return bytes.ToArray();
    }

    private static string NameOf(SampleState stage) => stage switch
    {
        SampleState.Kept => "kept",
        SampleState.Dropped => "dropped",
        SampleState.Quarantined => "quarantined",
        _ => throw new InvalidOperationException($"A sample at {stage} has no place in a manifest."),
    };

    // A decimal has one text form on every platform.
    private static decimal Micros(double score) => SampleTransitions.Quantize(score) / (decimal)SampleTransitions.ScoreScale;

    private static byte[] Line(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Compact))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }
}
