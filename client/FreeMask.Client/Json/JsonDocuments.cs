using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace FreeMask.Client.Json;

/// <summary>How the command line writes JSON: camelCase, indented, enums as names, numbers that are not finite as null.</summary>
internal static class JsonDocuments
{
    internal static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = new Names(),
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.Strict,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new FiniteNumber() },
    };

    /// <summary>
    /// The version of all documents, which <c>docs/output.schema.json</c> describes. Within a version properties are only added; none is
    /// renamed, removed or changed in meaning.
    /// </summary>
    internal const int SchemaVersion = 1;

    internal static string Write(object document)
    {
        var written = JsonSerializer.SerializeToNode(document, document.GetType(), Options)!.AsObject();
        written.Insert(0, "schemaVersion", SchemaVersion);
        return written.ToJsonString(Options);
    }

    /// <summary>camelCase, where "IoU" is one word.</summary>
    private sealed class Names : JsonNamingPolicy
    {
        public override string ConvertName(string name) => name == "IoU" ? "iou" : CamelCase.ConvertName(name);
    }

    /// <summary>JSON has no NaN: an IoU of a class that does not occur is null.</summary>
    private sealed class FiniteNumber : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value)) writer.WriteNumberValue(value);
            else writer.WriteNullValue();
        }
    }
}
