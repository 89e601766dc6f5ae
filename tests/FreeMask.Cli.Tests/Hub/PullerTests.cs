using System.Text;
using FreeMask.Cli.Hub;
using FreeMask.Vision;
using Xunit;

namespace FreeMask.Cli.Tests.Hub;

public sealed class PullerTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];
    private LocalHub _hub = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _hub = await LocalHub.StartAsync();
        foreach (var path in new[] { "model_index.json", "scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt", "LICENSE.txt" }) _hub.Files[path] = Encoding.UTF8.GetBytes($"{{ \"{path}\": 1 }}");
        foreach (var path in new[] { "text_encoder/model.onnx", "unet/model.onnx", "unet/model.onnx_data", "vae_decoder/model.onnx", "unet/model.fp16.onnx", "unet/model.fp16.onnx_data" }) AddLarge(path);
        foreach (var path in new[] { "unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.safetensors", "safety_checker/model.onnx", "README.md", "v1-5-pruned.ckpt" }) AddLarge(path);
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_export_arrives_whole_without_pickles_and_can_be_verified()
    {
        var pulled = await PullAsync();

        Assert.Equal(LocalHub.Commit, pulled.Commit);
        Assert.Equal(
            ["LICENSE.txt", "model_index.json", "scheduler/scheduler_config.json", "text_encoder/model.onnx", "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/model.onnx", "unet/model.onnx_data", "vae_decoder/model.onnx"],
            pulled.Files.Select(file => file.Path));
        foreach (var file in pulled.Files) Assert.Equal(_hub.Files[file.Source], await File.ReadAllBytesAsync(_folder.Path(file.Path), Stop));
        Assert.Equal(pulled.Files, PullLock.Read(_folder.Root)!.Files);
        await pulled.VerifyAsync(_folder.Root, Stop);
        Assert.Empty(Directory.EnumerateFiles(_folder.Root, "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task What_is_there_is_not_fetched_again()
    {
        await PullAsync();
        _hub.Asked.Clear();
        await PullAsync();
        Assert.Equal([$"/api/models/{LocalHub.Repository}/revision/main"], _hub.Asked);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_is_made_again_until_the_file_is_whole()
    {
        _hub.BreakOff = 2;
        var pulled = await PullAsync();
        await pulled.VerifyAsync(_folder.Root, Stop);
        // How much of the broken answers had arrived is the network's affair.
        Assert.Equal(3, _hub.Asked.Count(asked => asked.Contains("text_encoder/model.onnx", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_file_that_an_earlier_pull_left_half_done_goes_on()
    {
        Directory.CreateDirectory(_folder.Path("unet"));
        await File.WriteAllBytesAsync(_folder.Path("unet", "model.onnx.part"), _hub.Files["unet/model.onnx"][..70_000], Stop);
        await (await PullAsync()).VerifyAsync(_folder.Root, Stop);
        Assert.Contains(_hub.Asked, asked => asked.EndsWith("unet/model.onnx bytes=70000-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_half_file_of_other_content_is_found_out_and_thrown_away()
    {
        Directory.CreateDirectory(_folder.Path("unet"));
        await File.WriteAllBytesAsync(_folder.Path("unet", "model.onnx.part"), new byte[70_000], Stop);
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync());
        Assert.Contains("unet/model.onnx arrived damaged", error.Message, StringComparison.Ordinal);
        await (await PullAsync()).VerifyAsync(_folder.Root, Stop);
    }

    [Fact]
    public async Task A_hub_that_is_busy_is_asked_again()
    {
        _hub.Unavailable = 3;
        await PullAsync();
        Assert.Equal(3, _hub.Asked.Count(asked => asked.StartsWith("/api", StringComparison.Ordinal)) - 1);
    }

    [Fact]
    public async Task A_variant_takes_the_place_of_the_plain_graph_and_keeps_the_name_of_its_weights()
    {
        foreach (var part in new[] { "text_encoder", "vae_decoder" }) AddLarge($"{part}/model.fp16.onnx");
        var pulled = await PullAsync("fp16");
        Assert.Equal(["unet/model.fp16.onnx", "unet/model.fp16.onnx_data"], pulled.Files.Where(file => file.Path.StartsWith("unet/", StringComparison.Ordinal)).Select(file => file.Source).Order(StringComparer.Ordinal));
        Assert.Contains(pulled.Files, file => file is { Path: "unet/model.onnx", Source: "unet/model.fp16.onnx" });
    }

    [Fact]
    public async Task A_changed_file_is_named()
    {
        var pulled = await PullAsync();
        await File.WriteAllTextAsync(_folder.Path("tokenizer", "merges.txt"), "other", Stop);
        Assert.Contains("merges.txt is not what was pulled", (await Assert.ThrowsAsync<FreeMaskException>(() => pulled.VerifyAsync(_folder.Root, Stop))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_private_repository_needs_the_token()
    {
        _hub.Token = "secret";
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync());
        Assert.Contains("HF_TOKEN", error.Message, StringComparison.Ordinal);
        await PullAsync(token: "secret");
    }

    [Theory]
    [InlineData("unknown/repository", "404")]
    [InlineData("someone/tiny-onnx@nowhere", "404")]
    public async Task What_the_hub_does_not_know_is_named(string reference, string part) =>
        Assert.Contains(part, (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync(reference: reference))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_pointer_in_place_of_a_large_file_is_recognised()
    {
        _hub.AfterListing = () => _hub.Files["unet/model.onnx"] = Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 100000\n");
        Assert.Contains("git-lfs pointer", (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Weights_for_another_framework_get_the_command_that_exports_them()
    {
        foreach (var path in _hub.Files.Keys.Where(path => path.Contains(".onnx", StringComparison.Ordinal)).ToList()) _hub.Files.Remove(path);
        Assert.Contains("optimum-cli export onnx", (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_pulls_into_one_folder_do_not_mix()
    {
        using var other = new FileStream(_folder.Path(".pull"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        Assert.Contains("Another process", (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stable-diffusion-v1-5", "nmkd/stable-diffusion-1.5-onnx-fp16", "main")]
    [InlineData("someone/model@v2", "someone/model", "v2")]
    public void References_are_read(string text, string repository, string revision) =>
        Assert.Equal(new HubReference(repository, revision), HubReference.Parse(text));

    [Theory]
    [InlineData("model")]
    [InlineData("../etc/passwd")]
    [InlineData("someone/model@")]
    public void What_is_no_reference_is_refused(string text) => Assert.Throws<FreeMaskException>(() => HubReference.Parse(text));

    private void AddLarge(string path)
    {
        var bytes = new byte[100_000];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)((i * 31) + path.Length);
        _hub.Files[path] = bytes;
        _hub.Large.Add(path);
    }

    private async Task<PullLock> PullAsync(string? variant = null, string? token = null, string reference = LocalHub.Repository)
    {
        using var client = new HubClient(_hub.Endpoint, token, TimeProvider.System, TimeSpan.FromMilliseconds(1));
        return await new Puller(client, _said.Add, TimeProvider.System).PullAsync(HubReference.Parse(reference), variant, _folder.Root, Stop);
    }
}
