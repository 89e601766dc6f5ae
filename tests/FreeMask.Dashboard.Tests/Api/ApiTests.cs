using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using FreeMask.Dashboard.Tests.Browser;
using Xunit;

namespace FreeMask.Dashboard.Tests.Api;

/// <summary>The interface for programs, over real runs.</summary>
public sealed class ApiTests(MiniDashboard dashboard)
{
    private const string Samples = $"/api/v1/runs/{MiniDashboard.Small}/rounds/1/samples";

    [Fact]
    public async Task Samples_are_queried_as_the_command_line_shows_them()
    {
        using var client = await ClientAsync();
        var page = await GetAsync(client, Samples + "?sort=HighestScore&limit=5&from=1");
        var (_, output) = await dashboard.CommandAsync("samples", MiniDashboard.Small, "--json");
        using var all = JsonDocument.Parse(output);
        var expected = all.RootElement.GetProperty("samples").EnumerateArray()
            .OrderByDescending(s => s.GetProperty("score").GetDouble()).ThenBy(s => s.GetProperty("index").GetInt32())
            .Skip(1).Take(5).Select(s => s.GetProperty("index").GetInt32());

        Assert.Equal(12, page.GetProperty("total").GetInt32());
        Assert.Equal(expected, page.GetProperty("samples").EnumerateArray().Select(s => s.GetProperty("index").GetInt32()));
        Assert.Equal(0, (await GetAsync(client, Samples + "?class=dog&state=quarantined")).GetProperty("total").GetInt32());
    }

    [Theory]
    [InlineData($"{Samples}/0/images/..%2f..%2fstate.db")]
    [InlineData($"{Samples}/0/artifacts/..%2f..%2fstate.db")]
    [InlineData($"{Samples}/0/artifacts/%2fetc%2fpasswd")]
    [InlineData($"{Samples}/0/images/pasting")]
    [InlineData($"{Samples}/12")]
    [InlineData("/api/v1/runs/small/rounds/2/samples")]
    [InlineData("/api/v1/runs/..%2fsmall/rounds/1/samples")]
    [InlineData("/api/v1/runs/other")]
    [InlineData("/api/v1/exports/..%2f..%2fetc/zip")]
    [InlineData("/api/v1/nothing")]
    [InlineData("/reports/..%2f..%2fstate")]
    [InlineData("/assets/..%2fapp.css")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        using var client = await ClientAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Images_are_reduced_and_kept_by_browsers_as_long_as_their_content_is_the_same()
    {
        using var client = await ClientAsync();
        var sample = await GetAsync(client, $"{Samples}/0");
        var hash = sample.GetProperty("artifacts").GetProperty("final-image").GetString()!;
        using var image = await client.GetAsync($"{Samples}/0/images/final-image?side=48&v={hash[..16]}");
        var drawn = FreeMask.Imaging.ImageCodec.Decode(await image.Content.ReadAsByteArrayAsync());

        Assert.Equal("image/jpeg", image.Content.Headers.ContentType!.MediaType);
        Assert.Equal(48, Math.Max(drawn.Width, drawn.Height));
        Assert.Contains("immutable", image.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        using var again = new HttpRequestMessage(HttpMethod.Get, $"{Samples}/0/images/final-image?side=48");
        again.Headers.IfNoneMatch.Add(image.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, (await client.SendAsync(again)).StatusCode);
        using var other = await client.GetAsync($"{Samples}/0/images/final-image?side=48&v=0000000000000000");
        Assert.DoesNotContain("immutable", other.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sample_tells_the_places_that_were_tried_for_its_objects_and_a_list_does_not()
    {
        using var client = await ClientAsync();
        var listed = (await GetAsync(client, Samples)).GetProperty("samples").EnumerateArray().ToList();
        Assert.All(listed, sample => Assert.False(sample.TryGetProperty("placements", out _)));
        var facts = listed.Select(s => s.GetProperty("facts")).First(f => f.TryGetProperty("compose.1.place", out _));
        var index = listed.First(s => s.GetProperty("facts").TryGetProperty("compose.1.place", out _)).GetProperty("index").GetInt32();
        var placement = (await GetAsync(client, $"{Samples}/{index}")).GetProperty("placements")[0];

        Assert.Equal(facts.GetProperty("compose.1.donor").GetInt32(), placement.GetProperty("donor").GetInt32());
        var taken = Assert.Single(placement.GetProperty("candidates").EnumerateArray(), place => place.GetProperty("chosen").GetBoolean());
        Assert.Equal(facts.GetProperty("compose.1.place").GetDouble(), taken.GetProperty("score").GetDouble(), 1e-4);
        Assert.Equal(
            taken.GetProperty("score").GetDouble(),
            taken.GetProperty("parts").EnumerateObject().Aggregate(1.0, (product, part) => product * part.Value.GetDouble()),
            1e-3
        );
    }

    [Fact]
    public async Task Attention_is_drawn_as_a_map_and_stored_as_it_was_captured()
    {
        using var client = await ClientAsync();
        using var image = await client.GetAsync($"{Samples}/0/images/attention?side=96");
        var map = FreeMask.Imaging.ImageCodec.Decode(await image.Content.ReadAsByteArrayAsync());
        using var stored = await client.GetAsync($"{Samples}/0/artifacts/attention");

        Assert.Equal("image/jpeg", image.Content.Headers.ContentType!.MediaType);
        Assert.Equal(96, Math.Max(map.Width, map.Height));
        // The map of a class is not flat: its lowest cells are dark blue, its highest yellow.
        Assert.InRange(Enumerable.Range(0, map.Width * map.Height).Max(i => map.Pixels[(3 * i) + 1]), 180, 255);
        Assert.InRange(Enumerable.Range(0, map.Width * map.Height).Min(i => map.Pixels[(3 * i) + 1]), 0, 40);
        Assert.EndsWith(".safetensors", stored.Content.Headers.ContentDisposition!.FileName, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_overlay_shows_the_chosen_classes_alone()
    {
        using var client = await ClientAsync();
        var sample = (await GetAsync(client, Samples + "?class=cat&objects=1")).GetProperty("samples")[0].GetProperty("index").GetInt32();
        var address = $"{Samples}/{sample}/images/composite-label?style=overlay&side=64";
        var (cat, dog) = (await client.GetByteArrayAsync(address + "&classes=8"), await client.GetByteArrayAsync(address + "&classes=12"));

        // Cat is 8 in VOC's label maps, dog 12; a sample of one cat has nothing of a dog.
        Assert.Contains(FreeMask.Imaging.ImageCodec.Decode(cat).Pixels, value => value != 0);
        Assert.All(FreeMask.Imaging.ImageCodec.Decode(dog).Pixels, value => Assert.Equal(0, value));
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync(address + "&classes=cat")).StatusCode);
    }

    [Fact]
    public async Task Changes_come_as_server_sent_events()
    {
        using var client = await ClientAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var stream = new StreamReader(await client.GetStreamAsync("/api/v1/events", patience.Token));
        Assert.Equal("event: runs", await stream.ReadLineAsync(patience.Token));
        var data = (await stream.ReadLineAsync(patience.Token))!;
        using var document = JsonDocument.Parse(data["data: ".Length..]);
        Assert.Equal(2, document.RootElement.GetProperty("runs").GetArrayLength());
    }

    [Fact]
    public async Task Errors_say_what_is_wrong_and_change_nothing()
    {
        using var client = await ClientAsync();
        using var paused = await client.PostAsJsonAsync($"/api/v1/runs/{MiniDashboard.Small}/pause", new { reason = "a\nb" });
        using var document = JsonDocument.Parse(await paused.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.BadRequest, paused.StatusCode);
        Assert.Contains("completed", document.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        using var removed = await client.DeleteAsync("/api/v1/runs/other");
        Assert.Equal(HttpStatusCode.NotFound, removed.StatusCode);
        using var export = await client.PostAsJsonAsync($"/api/v1/runs/{MiniDashboard.Small}/export", new { objects = "many" });
        Assert.Equal(HttpStatusCode.BadRequest, export.StatusCode);
        Assert.Contains("'2-' two and more", await export.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var none = await client.PostAsJsonAsync($"/api/v1/runs/{MiniDashboard.Small}/export", new { objects = "200-" });
        Assert.Contains("200 objects and more", await none.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var check = await client.PostAsJsonAsync("/api/v1/run-files/check", new { file = "classes: [doge]" });
        Assert.Contains("dog", await check.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var started = await client.PostAsJsonAsync("/api/v1/runs", new { file = "classes: [doge]" });
        Assert.Equal(HttpStatusCode.BadRequest, started.StatusCode);
    }

    [Fact]
    public async Task Run_files_are_checked_and_completed()
    {
        using var client = await ClientAsync();
        using var check = await client.PostAsJsonAsync("/api/v1/run-files/check", new { file = "classes: [cat]\nmask:\n  crf2: 1\n" });
        var place = Assert.Single((await JsonAsync(check)).GetProperty("places").EnumerateArray());
        Assert.Equal((3, 3), (place.GetProperty("line").GetInt32(), place.GetProperty("column").GetInt32()));
        using var complete = await client.PostAsJsonAsync(
            "/api/v1/run-files/complete",
            new { file = "classes: [cat]\nscoring:\n  criterion: wor", line = 3, column = 17 }
        );
        var found = await JsonAsync(complete);
        Assert.Equal((3, 14, 17), (Number("line"), Number("from"), Number("to")));
        var word = Assert.Single(found.GetProperty("suggestions").EnumerateArray());
        Assert.Equal(("worst-object", "value"), (word.GetProperty("insert").GetString(), word.GetProperty("kind").GetString()));
        using var beyond = await client.PostAsJsonAsync("/api/v1/run-files/complete", new { file = "", line = 900, column = -4 });
        Assert.Equal(HttpStatusCode.OK, beyond.StatusCode);

        int Number(string name) => found.GetProperty(name).GetInt32();
        static async Task<JsonElement> JsonAsync(HttpResponseMessage answer) =>
            JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    [Fact]
    public async Task The_only_silo_is_not_drained_and_without_the_setting_there_are_no_pages_of_grains()
    {
        using var client = await ClientAsync();
        var name = (await GetAsync(client, "/api/v1/cluster")).GetProperty("silos")[0].GetProperty("name").GetString();
        using var drained = await client.PostAsync($"/api/v1/cluster/silos/{name}/drain", null);
        Assert.Equal(HttpStatusCode.BadRequest, drained.StatusCode);
        Assert.Contains("runs would wait", await drained.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False((await GetAsync(client, "/api/v1/cluster")).GetProperty("silos")[0].GetProperty("draining").GetBoolean());
        using var other = await client.PostAsync("/api/v1/cluster/silos/other/drain", null);
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        using var grains = await client.GetAsync("/orleans/");
        Assert.Equal(HttpStatusCode.NotFound, grains.StatusCode);
        Assert.Contains("FreeMask:OrleansDashboard", await grains.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_file_that_names_a_program_is_not_started()
    {
        using var client = await ClientAsync();
        var body = new { file = "classes: [cat]\ntrainer:\n  command: [/bin/true]\n" };
        using var check = await client.PostAsJsonAsync("/api/v1/run-files/check", body);
        Assert.Contains("trainer.command names a program", await check.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var started = await client.PostAsJsonAsync("/api/v1/runs", body);
        Assert.Equal(HttpStatusCode.BadRequest, started.StatusCode);
        Assert.Equal(2, (await GetAsync(client, "/api/v1/runs")).GetProperty("runs").GetArrayLength());
    }

    [Fact]
    public async Task The_description_of_the_interface_names_every_resource()
    {
        using var client = await ClientAsync();
        var paths = (await GetAsync(client, "/openapi/v1.json")).GetProperty("paths").EnumerateObject().Select(p => p.Name).ToList();

        Assert.Contains("/api/v1/runs/{run}/pause", paths);
        Assert.Contains("/api/v1/runs/{run}/rounds/{round}/samples/{index}/images/{name}", paths);
        Assert.Contains("/api/v1/exports/{id}/zip", paths);
        Assert.Contains("/api/v1/cluster/silos/{silo}/drain", paths);
        Assert.All(paths, path => Assert.StartsWith("/api/v1/", path, StringComparison.Ordinal));
        Assert.Single((await GetAsync(client, "/api/v1/cluster")).GetProperty("silos").EnumerateArray());
    }

    [Fact]
    public async Task The_command_refuses_to_serve_others_without_sign_in() =>
        Assert.Equal(2, (await dashboard.CommandAsync("dashboard", "--listen", "http://0.0.0.0:0")).ExitCode);

    private async Task<HttpClient> ClientAsync() => new() { BaseAddress = new Uri(await dashboard.AddressAsync()) };

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        JsonDocument.Parse(await client.GetStringAsync(path)).RootElement;
}
