using System.Text.Json.Serialization;

namespace FreeMask.Vision.Harmonization;

/// <summary>What a harmonizer of <c>freemask train harmonizer</c> is: the <c>config.json</c> beside its <c>model.onnx</c>.</summary>
internal sealed record HarmonizerConfig
{
    /// <summary>The kind of model and the version of what it sees.</summary>
    public const string Kind = "freemask-harmonizer-1";

    /// <summary><see cref="Kind"/>.</summary>
    public string ModelType { get; init; } = Kind;

    /// <summary>What it takes and gives: <see cref="StatisticsForm.Word"/> or <see cref="RainNetForm.Word"/>.</summary>
    public string Form { get; init; } = StatisticsForm.Word;

    /// <summary>
    /// How many deviations of the predicted error a change must stand out by: an object moves by clamp(2 (1 - caution x deviation), 0, 1)
    /// of the predicted change, the deviation being that of the error along the change, in lengths of the change.
    /// Null for <see cref="RainNetForm"/>, which does not say how sure it is.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Caution { get; init; } = 1;

    /// <summary>Images that it learned from.</summary>
    public int Images { get; init; }

    /// <summary>Optimizer steps.</summary>
    public int Steps { get; init; }

    /// <summary>Names the initial weights and the pairs.</summary>
    public ulong Seed { get; init; }

    /// <summary>The sha256 of <c>model.onnx</c>, in lower-case hexadecimal digits.</summary>
    public string Sha256 { get; init; } = "";

    /// <summary>Reads the configuration of a folder; null where the folder has none.</summary>
    /// <exception cref="FreeMaskException">It is of another kind of model, or damaged.</exception>
    public static HarmonizerConfig? Read(string folder) =>
        TrainedModelFolder.Read<HarmonizerConfig>(folder, "a harmonizer", Kind, config => config.ModelType);

    /// <summary>Writes a harmonizer's folder.</summary>
    /// <returns>What was written, with the hash.</returns>
    public HarmonizerConfig Save(string folder, byte[] model)
    {
        var written = this with { Sha256 = TrainedModelFolder.HashOf(model) };
        TrainedModelFolder.Write(folder, model, written);
        return written;
    }
}
