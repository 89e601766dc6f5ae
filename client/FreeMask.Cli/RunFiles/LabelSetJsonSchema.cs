using System.Text.Json.Nodes;
using FreeMask.Vision;

namespace FreeMask.Cli.RunFiles;

/// <summary>The JSON Schema (2020-12) of label sets. Editors complete and check them with it.</summary>
internal static class LabelSetJsonSchema
{
    /// <summary>The name of the file that holds the schema.</summary>
    internal const string FileName = "label-set.schema.json";

    /// <summary>The schema as text that ends with a line break.</summary>
    internal static string Text => RunFileJsonSchema.Write(Create());

    /// <summary>The schema as a document.</summary>
    internal static JsonObject Create() =>
        new()
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "FreeMask label set",
            ["description"] = "The classes of a run. Everything but the names has a default.",
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray("classes"),
            ["properties"] = new JsonObject
            {
                ["name"] = String("What messages call the set. Default: the name of the file."),
                ["description"] = String("What the set is."),
                ["classes"] = new JsonObject
                {
                    ["description"] = "The classes, in the order of their ids.",
                    ["type"] = "array",
                    ["minItems"] = 1,
                    ["maxItems"] = LabelSet.MostClasses,
                    ["items"] = new JsonObject { ["anyOf"] = new JsonArray(Name(), Class()) },
                },
            },
        };

    private static JsonObject Class() =>
        new()
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray("name"),
            ["properties"] = new JsonObject
            {
                ["name"] = Name(),
                ["id"] = new JsonObject
                {
                    ["description"] =
                        "The value in exported label maps, from 1 to 254; values may have gaps. Default: the place in the list.",
                    ["type"] = "integer",
                    ["minimum"] = 1,
                    ["maximum"] = LabelSet.MostClasses,
                },
                ["color"] = new JsonObject
                {
                    ["description"] = "The color in masks, such as '#ff8000'. Default: by the rule of PASCAL VOC's palette.",
                    ["type"] = "string",
                    ["pattern"] = "^#[0-9a-fA-F]{6}$",
                },
                ["words"] = String("The words of the class in a prompt. Default: the name."),
                ["subclasses"] = Texts(
                    "Words of kinds of the class, such as 'labrador dog'; prompts name one of them, drawn for each sample."
                ),
                ["attention"] = Texts(
                    "The words of a prompt whose attention shows the object, the first that the prompt holds. Default: the words of the "
                        + "class, or else of the kind."
                ),
                ["synonyms"] = Texts("Words that name the class in captions. Default: the name and its plural."),
                ["aliases"] = Texts("What other data sets and models call the class, or parts of it."),
                ["supports"] = new JsonObject
                {
                    ["description"] = "What objects of the class may rest on. Default: ground.",
                    ["anyOf"] = new JsonArray(Surface(), new JsonObject { ["type"] = "array", ["minItems"] = 1, ["items"] = Surface() }),
                },
                ["height"] = new JsonObject
                {
                    ["description"] = "The height of a common upright specimen in metres. Default: an object has its size in its picture.",
                    ["type"] = "number",
                    ["exclusiveMinimum"] = 0,
                    ["maximum"] = 1000,
                },
                ["kind"] = new JsonObject
                {
                    ["description"] = "thing: objects that can be counted; stuff: a material or region. Default: thing.",
                    ["enum"] = new JsonArray("thing", "stuff"),
                },
            },
        };

    private static JsonObject Name() => String("The name of the class.", 60);

    private static JsonObject Surface() =>
        new() { ["enum"] = new JsonArray([.. LabelSetJson.SurfaceNames.Select(name => JsonValue.Create(name))]) };

    private static JsonObject String(string description, int? most = null)
    {
        var schema = new JsonObject { ["description"] = description, ["type"] = "string", ["minLength"] = 1 };
        if (most is not null) schema["maxLength"] = most;
        return schema;
    }

    private static JsonObject Texts(string description) =>
        new()
        {
            ["description"] = description,
            ["anyOf"] = new JsonArray(
                new JsonObject { ["type"] = "string", ["minLength"] = 1 },
                new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string", ["minLength"] = 1 } }
            ),
        };
}
