using System.Text;
using FreeMask.Cli.Tests.Hub;
using FreeMask.Cli.Verbs;
using FreeMask.GrainInterfaces;
using Xunit;

namespace FreeMask.Cli.Tests.Terminal;

/// <summary>Every document that any test asks for is checked (see <see cref="TestProcess"/>); here are the verbs that no other test
/// asks.</summary>
public sealed class OutputSchemaTests : IDisposable
{
    private readonly TestProcess _process = new();

    public void Dispose() => _process.Dispose();

    [Fact]
    public void Every_verb_has_a_document()
    {
        var host = new VerbHost(_process.CreateEnvironment(), []);
        var verbs = Catalog
            .Create(host)
            .SelectMany(verb =>
                verb.Subcommands.Select(below => $"{verb.Name} {below.Name}").Concat(verb.Action is null ? [] : [verb.Name])
            );

        Assert.Equal(verbs.Order(StringComparer.Ordinal), OutputSchema.VerbNames.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_document_begins_with_the_version_of_the_schema()
    {
        await _process.RunAsync("nonsense --json");
        Assert.StartsWith(
            $"{{ \"schemaVersion\": {JsonDocuments.SchemaVersion},",
            string.Join(' ', _process.Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal
        );
        _process.Clear();
        await _process.RunAsync("models list --json");
        Assert.StartsWith(
            $"{{ \"schemaVersion\": {JsonDocuments.SchemaVersion},",
            string.Join(' ', _process.Out.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("models list")]
    [InlineData("models inspect mini")]
    [InlineData("models verify mini")]
    [InlineData("experiment thresholds --images 1")]
    [InlineData("experiment refinements --images 1")]
    [InlineData("experiment list --out nowhere")]
    [InlineData("doctor")]
    [InlineData("completion bash")]
    [InlineData("schema")]
    [InlineData("labels list")]
    [InlineData("labels show cityscapes")]
    [InlineData("labels check coco")]
    [InlineData("labels schema")]
    public async Task Verbs_on_the_bundle_that_ships_write_what_the_schema_says(string arguments)
    {
        _process.Variables["FREEMASK_MODELS"] = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models");
        Assert.True(await _process.RunAsync($"{arguments} --json") == 0, _process.Error);
    }

    [Fact]
    public void A_sample_with_pasted_objects_is_what_the_schema_says()
    {
        var place = new ObjectPlace(1, 2, 16, 12, 0, 0.75, [0.75]);
        var sample = new SampleRecord
        {
            Round = 0,
            Index = 3,
            Plan = new SamplePlan(3, "cat", 8, "", "a cat", "", 1, Drawing: 1),
            Facts = [new SampleFact(FactNames.DonorOf(1), 5)],
            Places = [ObjectPlaces.Of(64, 48, 0, ["fit"], [place, place with { X = 7 }])],
        };
        OutputSchema.Check(["samples"], JsonDocuments.Write(new { run = "r", samples = new[] { SampleDocument.OfOne(sample) } }));
    }

    [Fact]
    public async Task A_pull_writes_what_the_schema_says()
    {
        await using var hub = await LocalHub.StartAsync();
        foreach (
            var path in new[] { "model_index.json", "scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt" }
        )
            hub.Files[path] = Encoding.UTF8.GetBytes($"{{ \"{path}\": 1 }}");
        var graph = await File.ReadAllBytesAsync(
            Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models", "mini", "text_encoder", "model.onnx"),
            TestContext.Current.CancellationToken
        );
        foreach (var path in new[] { "text_encoder/model.onnx", "unet/model.onnx", "vae_decoder/model.onnx" }) hub.Files[path] = graph;
        _process.Variables["HF_ENDPOINT"] = hub.Endpoint;

        Assert.True(
            await _process.RunAsync(["models", "pull", LocalHub.Repository, "--out", _process.Folder.Path("pulled"), "--json"]) == 0,
            _process.Error
        );
    }
}
