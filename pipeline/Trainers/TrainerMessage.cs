using System.Text.Json;
using System.Text.Json.Nodes;
using FreeMask.Json;

namespace FreeMask.Pipeline.Trainers;

/// <summary>A message of a training program: one JSON object in one line of its standard output (docs/trainers.md).</summary>
internal abstract record TrainerMessage
{
    /// <summary>Parses a line.</summary>
    /// <returns>Null where the line is no message: libraries write to standard output, too.</returns>
    /// <exception cref="FreeMaskException">It is a message, and a field of it is missing or wrong.</exception>
    internal static TrainerMessage? Parse(string line)
    {
        if (!line.StartsWith('{')) return null;
        try
        {
            return JsonNode.Parse(PythonJson.Mend(line)) is JsonObject json && json["event"] is JsonValue name
                ? Of(name.ToString(), json)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new FreeMaskException(
                $"The training program sent a message that cannot be read ({exception.Message}): {line}. docs/trainers.md says what "
                    + "messages hold.",
                exception
            );
        }
    }

    private static TrainerMessage Of(string name, JsonObject json) => name switch
    {
        "progress" => new TrainerProgress(Field(json, "step").GetValue<int>(), Loss(json)),
        "checkpoint" => new TrainerCheckpoint(Field(json, "step").GetValue<int>(), Field(json, "folder").GetValue<string>()),
        "message" => new TrainerNote(Field(json, "text").GetValue<string>()),
        // A program for a later version may say more.
        _ => new TrainerNote(json.ToJsonString()),
    };

    private static double? Loss(JsonObject json) =>
        (json["loss"] as JsonValue)?.GetValue<double>() is { } loss && double.IsFinite(loss) ? loss : null;

    private static JsonNode Field(JsonObject json, string name) =>
        json[name] ?? throw new KeyNotFoundException($"it has no field '{name}'");
}

/// <summary>Progress.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Loss">The loss; null if it was not told or is no finite number.</param>
internal sealed record TrainerProgress(int Step, double? Loss) : TrainerMessage;

/// <summary>A checkpoint was written completely.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Folder">Its folder, absolute or relative to the job file.</param>
internal sealed record TrainerCheckpoint(int Step, string Folder) : TrainerMessage;

/// <summary>Text for the log.</summary>
internal sealed record TrainerNote(string Text) : TrainerMessage;
