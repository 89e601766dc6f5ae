using System.Text.Json.Nodes;
using FreeMask.Cli.RunFiles;
using FreeMask.GrainInterfaces;
using Xunit;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace FreeMask.Cli.Tests.RunFiles;

public sealed class RunFileJsonSchemaTests
{
    private const string UpdateVariable = "FREEMASK_UPDATE_DOCUMENTS";

    private static readonly string Documents = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "docs");

    private static readonly string ExamplesFolder = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "examples");

    public static TheoryData<string> Examples =>
        new(
            Directory
                .EnumerateFiles(ExamplesFolder, "*.yaml", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(ExamplesFolder, file).Replace('\\', '/'))
                .Where(name => !name.StartsWith("labels/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void The_schema_that_ships_is_that_of_the_keys() =>
        Compare(Path.Combine(Documents, RunFileJsonSchema.FileName), _ => RunFileJsonSchema.Text);

    [Fact]
    public void The_tables_of_the_document_are_those_of_the_keys() =>
        Compare(Path.Combine(Documents, "run-files.md"), RunFileTables.Update);

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_names_its_schema_in_the_first_line_and_agrees_with_it(string name)
    {
        var text = File.ReadAllText(Path.Combine(ExamplesFolder, name));

        var upwards = string.Concat(Enumerable.Repeat("../", name.Split('/').Length));
        Assert.Equal(RunFileJsonSchema.Comment($"{upwards}docs/{RunFileJsonSchema.FileName}"), text.Split('\n')[0]);
        Assert.Empty(Problems(text));
    }

    [Fact]
    public void A_written_run_file_names_the_schema_beside_it_and_agrees_with_it()
    {
        var text = RunFile.Write(
            new RunSpec
            {
                Name = "a",
                Classes = ["cat"],
                Seed = ulong.MaxValue,
                Mask = new MaskSpec { Threshold = 0.25 },
            }
        );

        Assert.Equal(RunFileJsonSchema.Comment(RunFileJsonSchema.FileName), text.Split('\n')[0]);
        Assert.Empty(Problems(text));
    }

    [Theory]
    [InlineData("classes: all")]
    [InlineData("classes: cat")]
    [InlineData("classes: [cat]\nmask: ~\ngeneration: { width: null, scheduler: null, negativePrompt: '' }")]
    [InlineData("classes: [cat]\nkeepRatio: 1\nevaluation: { dataset: some/folder }")]
    public void What_a_run_file_may_say_agrees_with_the_schema(string text) => Assert.Empty(Problems(text));

    [Theory]
    [InlineData("rounds: 2", "$")]
    [InlineData("classes: []", "$.classes")]
    [InlineData("classes: [cat, '']", "$.classes")]
    [InlineData("classes: [cat]\nrouns: 2", "$.rouns")]
    [InlineData("classes: [cat]\nrounds: null", "$.rounds")]
    [InlineData("classes: [cat]\nrounds: 0", "$.rounds")]
    [InlineData("classes: [cat]\nkeepRatio: 0", "$.keepRatio")]
    [InlineData("classes: [cat]\nmask: { threshold: 1 }", "$.mask.threshold")]
    [InlineData("classes: [cat]\ngeneration: { steps: 1001 }", "$.generation.steps")]
    [InlineData("classes: [cat]\ngeneration: { width: 130 }", "$.generation.width")]
    [InlineData("classes: [cat]\ngeneration: { scheduler: magic }", "$.generation.scheduler")]
    [InlineData("classes: [cat]\ntraining: { stepz: 1 }", "$.training.stepz")]
    [InlineData("classes: [cat]\nharmonization: { enabled: 1 }", "$.harmonization.enabled")]
    public void The_schema_and_the_reader_refuse_the_same(string text, string path)
    {
        Assert.Equal(path, Assert.Single(Problems(text)));
        Assert.Single(Assert.Throws<RunFileException>(() => RunFile.Parse(text, "a.yaml", RunFileTests.Resolver.Instance)).Problems);
    }

    /// <summary>Compares a document with what it has to be, or writes it where the variable asks for that.</summary>
    private static void Compare(string file, Func<string, string> expected)
    {
        var text = File.Exists(file) ? File.ReadAllText(file) : "";
        var wanted = expected(text);
        if (text != wanted && Environment.GetEnvironmentVariable(UpdateVariable) == "1") File.WriteAllText(file, wanted);
        else Assert.True(text == wanted, $"{Path.GetFileName(file)} differs from the table of keys. Run this test with "
            + $"{UpdateVariable}=1, and commit what it writes.");
    }

    /// <summary>The paths where a run file disagrees with the schema.</summary>
    private static List<string> Problems(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return [.. Problems(Json(stream.Documents[0].RootNode), RunFileJsonSchema.Create(), "$")];
    }

    private static JsonNode? Json(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(
                mapping.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Json(pair.Value)))
            ),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(Json)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag => flag.Value == "true",
        YamlScalarNode { Style: ScalarStyle.Plain } number
                when decimal.TryParse(
                    number.Value,
                    System.Globalization.NumberStyles.Float,
                    System.Globalization.CultureInfo.InvariantCulture,
                    out var value
                ) => value,
        _ => ((YamlScalarNode)node).Value,
    };

    /// <summary>The keywords that the schema uses; an unknown one fails.</summary>
    private static IEnumerable<string> Problems(JsonNode? value, JsonObject schema, string path) =>
        schema.SelectMany(keyword =>
            keyword.Key switch
            {
                "$schema" or "title" or "description" or "default" or "enumDescriptions" => [],
                "type" => (keyword.Value is JsonArray types ? types.Select(type => (string)type!) : [(string)keyword.Value!]).Any(type =>
                    IsOf(value, type)
                )
                    ? []
                    : [path],
                "enum" => keyword.Value!.AsArray().Any(item => JsonNode.DeepEquals(item, value)) ? [] : [path],
                "const" => JsonNode.DeepEquals(keyword.Value, value) ? [] : [path],
                "anyOf" => keyword.Value!.AsArray().Any(option => !Problems(value, option!.AsObject(), path).Any()) ? [] : [path],
                "minimum" => Holds(value, number => number >= Number(keyword.Value), path),
                "exclusiveMinimum" => Holds(value, number => number > Number(keyword.Value), path),
                "maximum" => Holds(value, number => number <= Number(keyword.Value), path),
                "exclusiveMaximum" => Holds(value, number => number < Number(keyword.Value), path),
                "multipleOf" => Holds(value, number => number % Number(keyword.Value) == 0, path),
                "minLength" => !IsOf(value, "string") || ((string)value!).Length >= Number(keyword.Value) ? [] : [path],
                "maxLength" => !IsOf(value, "string") || ((string)value!).Length <= Number(keyword.Value) ? [] : [path],
                "minItems" => value is not JsonArray list || list.Count >= Number(keyword.Value) ? [] : [path],
                "items" => value is JsonArray items
                    ? items.SelectMany((item, i) => Problems(item, keyword.Value!.AsObject(), $"{path}[{i}]"))
                    : [],
                "required" => value is JsonObject whole && keyword.Value!.AsArray().Any(name => !whole.ContainsKey((string)name!))
                    ? [path]
                    : [],
                "properties" => value is JsonObject group
                    ? group
                        .Where(pair => keyword.Value!.AsObject().ContainsKey(pair.Key))
                        .SelectMany(pair => Problems(pair.Value, keyword.Value![pair.Key]!.AsObject(), $"{path}.{pair.Key}"))
                    : [],
                "additionalProperties" => value is JsonObject all
                    ? all.Where(pair => !schema["properties"]!.AsObject().ContainsKey(pair.Key)).Select(pair => $"{path}.{pair.Key}")
                    : [],
                _ => throw new NotSupportedException($"The test does not know the keyword {keyword.Key}."),
            }
        );

    private static IEnumerable<string> Holds(JsonNode? value, Func<decimal, bool> condition, string path) =>
        !IsOf(value, "number") || condition(Number(value)) ? [] : [path];

    private static decimal Number(JsonNode? value) =>
        decimal.Parse(value!.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture);

    private static bool IsOf(JsonNode? value, string type) => type switch
    {
        "null" => value is null,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == System.Text.Json.JsonValueKind.String,
        "boolean" => value?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
        "integer" => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number && Number(value) % 1 == 0,
        _ => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number,
    };
}
