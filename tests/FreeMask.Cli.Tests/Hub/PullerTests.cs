using System.Net;
using System.Net.Sockets;
using System.Text;
using FreeMask.Cli.Checks;
using FreeMask.Cli.Hub;
using FreeMask.Cli.Tests.Terminal;
using FreeMask.Onnx.Proto;
using Google.Protobuf;
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
        foreach (
            var path in new[]
            {
                "model_index.json",
                "scheduler/scheduler_config.json",
                "tokenizer/vocab.json",
                "tokenizer/merges.txt",
                "LICENSE.txt",
            }
        )
            _hub.Files[path] = Encoding.UTF8.GetBytes($"{{ \"{path}\": 1 }}");
        foreach (var path in new[] { "unet/model.onnx_data", "unet/model.fp16.onnx_data" }) AddLarge(path);
        foreach (var path in new[] { "text_encoder/model.onnx", "vae_decoder/model.onnx" }) AddGraph(path);
        AddGraph("unet/model.onnx", "model.onnx_data");
        AddGraph("unet/model.fp16.onnx", "model.fp16.onnx_data");
        foreach (
            var path in new[]
            {
                "unet/diffusion_pytorch_model.bin",
                "unet/diffusion_pytorch_model.safetensors",
                "safety_checker/model.onnx",
                "README.md",
                "v1-5-pruned.ckpt",
            }
        )
            AddLarge(path);
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
            [
                "LICENSE.txt",
                "model_index.json",
                "scheduler/scheduler_config.json",
                "text_encoder/model.onnx",
                "tokenizer/merges.txt",
                "tokenizer/vocab.json",
                "unet/model.onnx",
                "unet/model.onnx_data",
                "vae_decoder/model.onnx",
            ],
            pulled.Files.Select(file => file.Path)
        );
        foreach (var file in pulled.Files)
            Assert.Equal(_hub.Files[file.Source], await File.ReadAllBytesAsync(_folder.Path(file.Path), Stop));
        Assert.Equal(pulled.Files, PullLock.Read(_folder.Root)!.Files);
        await pulled.VerifyAsync(_folder.Root, Stop);
        Assert.Empty(Directory.EnumerateFiles(_folder.Root, "*.part", SearchOption.AllDirectories));
    }

    /// <summary>A checkpoint that a hub holds beside other files; pulled, a run can start from it by its name.</summary>
    [Fact]
    public async Task A_checkpoint_is_pulled_and_a_run_can_start_from_it()
    {
        var mini = Path.Combine(Vision.Tests.Fixtures.RepositoryRoot, "models", "mini");
        using var process = new TestProcess { Checks = RunChecks.All };
        process.Variables["HF_ENDPOINT"] = _hub.Endpoint;
        Directory.CreateDirectory(process.Folder.Path("models"));
        Directory.CreateSymbolicLink(process.Folder.Path("models", "mini"), mini);
        foreach (var file in new[] { "config.json", "model.safetensors" })
            _hub.Files[file] = await File.ReadAllBytesAsync(Path.Combine(mini, "backbone", file), Stop);
        _hub.Large.Add("model.safetensors");
        AddLarge("pytorch_model.bin");

        // The first answers break off: what has arrived goes on.
        _hub.BreakOff = 2;
        string[] pull = ["models", "pull", LocalHub.Repository, "--checkpoint", "--json"];
        Assert.True(await process.RunAsync(pull) == 0, process.Error);

        var pulled = process.Folder.Path("models", "tiny-onnx");
        Assert.Equal(
            ["config.json", "freemask.lock.json", "model.safetensors"],
            Directory.EnumerateFiles(pulled).Select(Path.GetFileName).Where(name => !name!.StartsWith('.')).Order(StringComparer.Ordinal)
        );
        Assert.Equal(_hub.Files["model.safetensors"], await File.ReadAllBytesAsync(Path.Combine(pulled, "model.safetensors"), Stop));
        await File.WriteAllTextAsync(
            process.Folder.Path("run.yaml"),
            "classes: [cat]\ntraining: { init: someone/tiny-onnx, recipe: small }\n",
            Stop
        );
        process.Clear();
        Assert.True(await process.RunAsync(["run", process.Folder.Path("run.yaml"), "--check", "--json"]) == 0, process.Error);
    }

    [Fact]
    public async Task A_repository_without_a_checkpoint_is_refused()
    {
        using var process = new TestProcess();
        process.Variables["HF_ENDPOINT"] = _hub.Endpoint;
        Assert.NotEqual(0, await process.RunAsync(["models", "pull", LocalHub.Repository, "--checkpoint"]));
        Assert.Contains("holds no config.json with safetensors", process.Error, StringComparison.Ordinal);
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
        // How much of an interrupted answer arrived depends on the network.
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
        var pulled = await PullAsync("fp16");
        Assert.Equal(
            ["unet/model.fp16.onnx", "unet/model.fp16.onnx_data"],
            pulled
                .Files.Where(file => file.Path.StartsWith("unet/", StringComparison.Ordinal))
                .Select(file => file.Source)
                .Order(StringComparer.Ordinal)
        );
        Assert.Contains(pulled.Files, file => file is { Path: "unet/model.onnx", Source: "unet/model.fp16.onnx" });
        // Parts without the variant have plain files, with a message.
        Assert.Contains(pulled.Files, file => file is { Path: "text_encoder/model.onnx", Source: "text_encoder/model.onnx" });
        Assert.Contains(_said, line => line.Contains("no fp16 of text_encoder, vae_decoder", StringComparison.Ordinal));
        Assert.Contains("'int4'", (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync("int4"))).Message, StringComparison.Ordinal);

        // The plain files in their place leave nothing of it.
        await PullAsync();
        Assert.False(File.Exists(_folder.Path("unet", "model.fp16.onnx_data")));
        Assert.True(File.Exists(_folder.Path("unet", "model.onnx_data")));
    }

    [Fact]
    public async Task Weights_are_what_the_graphs_name_whatever_they_are_called()
    {
        string[] names = ["model.onnx_data_1", "onnx__MatMul_9876", "weights.bin", "data/weights.pb"];
        foreach (var name in names) AddLarge("unet/" + name);
        AddLarge("unet/unused.pb");
        AddGraph("unet/model.onnx", names);
        _hub.Files["vae/config.json"] = Encoding.UTF8.GetBytes("{}");
        var pulled = await PullAsync();
        Assert.Equal(
            names.Select(name => "unet/" + name).Append("unet/model.onnx").Order(StringComparer.Ordinal),
            pulled.Files.Select(file => file.Path).Where(path => path.StartsWith("unet/", StringComparison.Ordinal))
        );
        Assert.Contains(pulled.Files, file => file.Path == "vae/config.json");
        await pulled.VerifyAsync(_folder.Root, Stop);

        _hub.Files.Remove("unet/data/weights.pb");
        Assert.Contains(
            "unet/data/weights.pb",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message,
            StringComparison.Ordinal
        );
        AddGraph("unet/model.onnx", "../../stolen");
        Assert.Contains("../../stolen", (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LICENSE/../../../outside.txt")]
    [InlineData("LICENSE\\..\\..\\outside.txt")]
    [InlineData("../outside.txt")]
    [InlineData("/tmp/outside.txt")]
    [InlineData("C:/outside.txt")]
    [InlineData("unet/./model.onnx")]
    [InlineData("unet//model.json")]
    public async Task No_listed_path_leaves_the_folder(string path)
    {
        _hub.Files[path] = [1, 2, 3];
        Assert.Contains(
            "no path inside",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(_hub.Asked, asked => asked.Contains("/resolve/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("LICENSE.ckpt")]
    [InlineData("license.bin")]
    [InlineData("LICENSE.d/pickle")]
    public async Task Only_text_is_a_licence(string path)
    {
        _hub.Files[path] = [1, 2, 3];
        Assert.DoesNotContain(path, (await PullAsync()).Files.Select(file => file.Path));
    }

    [Fact]
    public async Task A_file_that_was_whole_but_not_yet_checked_is_not_fetched_again()
    {
        Directory.CreateDirectory(_folder.Path("unet"));
        await File.WriteAllBytesAsync(_folder.Path("unet", "model.onnx.part"), _hub.Files["unet/model.onnx"], Stop);
        await (await PullAsync()).VerifyAsync(_folder.Root, Stop);
        Assert.DoesNotContain(
            _hub.Asked,
            asked => asked.Contains("unet/model.onnx", StringComparison.Ordinal) && !asked.Contains("_data", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_range_behind_the_end_starts_the_file_anew()
    {
        // The repository's file became shorter after it was listed.
        Directory.CreateDirectory(_folder.Path("unet"));
        await File.WriteAllBytesAsync(_folder.Path("unet", "model.onnx_data.part"), _hub.Files["unet/model.onnx_data"][..90_000], Stop);
        _hub.AfterListing = () => _hub.Files["unet/model.onnx_data"] = _hub.Files["unet/model.onnx_data"][..80_000];
        Assert.Contains(
            "arrived damaged",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message,
            StringComparison.Ordinal
        );
        Assert.Equal(2, _hub.Asked.Count(asked => asked.Contains("model.onnx_data", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Another_repository_does_not_mix_with_what_is_there()
    {
        await PullAsync();
        _hub.FormerName = "someone/else";
        Assert.Contains(
            "holds someone/tiny-onnx",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync(reference: "someone/else"))).Message,
            StringComparison.Ordinal
        );

        // Nor where the first pull was stopped before its end, or the model came otherwise.
        File.Delete(_folder.Path(PullLock.FileName));
        Assert.Contains(
            "was not pulled",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message,
            StringComparison.Ordinal
        );
        File.Delete(_folder.Path("model_index.json"));
        _hub.Files.Remove("unet/model.onnx_data");
        await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync());
        Assert.Contains(
            "holds someone/tiny-onnx",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync(reference: "someone/else"))).Message,
            StringComparison.Ordinal
        );
        AddLarge("unet/model.onnx_data");
        await (await PullAsync()).VerifyAsync(_folder.Root, Stop);
    }

    [Theory]
    [InlineData("30")]
    [InlineData("Fri, 27 Nov 2026 00:00:30 GMT")]
    public async Task The_retry_after_header_of_a_hub_is_honoured(string retryAfter)
    {
        (_hub.Busy, _hub.RetryAfter) = (2, retryAfter);
        var time = new InstantTime();
        await PullAsync(time: time);
        Assert.Equal(2, time.Waited.Count(wait => wait == TimeSpan.FromSeconds(30)));
        Assert.Equal(2, _said.Count(line => line.Contains("30 s", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_server_that_accepts_and_never_answers_is_given_up()
    {
        var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var client = new HubClient(
            $"http://{silent.LocalEndpoint}",
            null,
            TimeProvider.System,
            TimeSpan.FromMilliseconds(1),
            idleTimeout: TimeSpan.FromMilliseconds(50)
        );
        var error = await Assert.ThrowsAsync<FreeMaskException>(() => client.ListAsync(HubReference.Parse(LocalHub.Repository), Stop));
        Assert.Contains("nothing came for 0.05 s", error.Message, StringComparison.Ordinal);
        silent.Stop();
    }

    [Theory]
    [InlineData("se\ncret")]
    [InlineData("sécret")]
    [InlineData("se cret")]
    public void A_token_that_cannot_be_one_is_refused(string token)
    {
        var message = Assert.Throws<FreeMaskException>(() => new HubClient(_hub.Endpoint, token, TimeProvider.System)).Message;
        Assert.Contains("HF_TOKEN", message, StringComparison.Ordinal);
        Assert.DoesNotContain(token, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renamed_private_repository_keeps_the_token_and_another_host_never_sees_it()
    {
        await using var store = await LocalHub.StartAsync();
        foreach (var (path, bytes) in _hub.Files) store.Files[path] = bytes;
        (_hub.Token, _hub.FormerName, _hub.Store) = ("secret", "someone/former", store.Endpoint);
        // A line break at the end is what files and secrets bring.
        var pulled = await PullAsync(token: "secret\n", reference: "someone/former");
        Assert.Contains(pulled.Files, file => file.Path == "unet/model.onnx_data");
        Assert.All(_hub.Authorized, authorization => Assert.Equal("Bearer secret", authorization));
        Assert.NotEmpty(store.Authorized);
        Assert.All(store.Authorized, authorization => Assert.Equal("", authorization));
    }

    [Fact]
    public async Task A_hub_that_states_neither_sizes_nor_hashes_is_accepted()
    {
        _hub.Measured = false;
        var pulled = await PullAsync();
        foreach (var file in pulled.Files) Assert.Equal(_hub.Files[file.Source].Length, file.Size);
        await (await PullAsync()).VerifyAsync(_folder.Root, Stop);
    }

    [Fact]
    public async Task A_changed_file_is_named()
    {
        var pulled = await PullAsync();
        await File.WriteAllTextAsync(_folder.Path("tokenizer", "merges.txt"), "other", Stop);
        Assert.Contains(
            "merges.txt is not what was pulled",
            (await Assert.ThrowsAsync<FreeMaskException>(() => pulled.VerifyAsync(_folder.Root, Stop))).Message,
            StringComparison.Ordinal
        );
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
        Assert.Contains(
            part,
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync(reference: reference))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_pointer_in_place_of_a_large_file_is_recognized()
    {
        _hub.AfterListing = () =>
            _hub.Files["unet/model.onnx"] = Encoding.ASCII.GetBytes(
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 100000\n"
            );
        Assert.Contains(
            "git-lfs pointer",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Weights_for_another_framework_get_the_command_that_exports_them()
    {
        foreach (var path in _hub.Files.Keys.Where(path => path.Contains(".onnx", StringComparison.Ordinal)).ToList())
            _hub.Files.Remove(path);
        Assert.Contains(
            "optimum-cli export onnx",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Two_pulls_into_one_folder_do_not_mix()
    {
        using var other = new FileStream(_folder.Path(".pull"), FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        Assert.Contains(
            "Another process",
            (await Assert.ThrowsAsync<FreeMaskException>(() => PullAsync())).Message,
            StringComparison.Ordinal
        );
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

    /// <summary>A graph whose weights lie in files beside it, and one large weight inside.</summary>
    private void AddGraph(string path, params string[] files)
    {
        AddLarge(path);
        var graph = new GraphProto
        {
            Initializer =
            {
                new TensorProto
                {
                    Name = "inside",
                    DataType = 2,
                    Dims = { 100_000 },
                    RawData = ByteString.CopyFrom(_hub.Files[path]),
                },
            },
        };
        foreach (var file in files)
            graph.Initializer.Add(
                new TensorProto
                {
                    Name = file,
                    DataType = 1,
                    Dims = { 1 },
                    ExternalData =
                    {
                        new StringStringEntryProto { Key = "location", Value = file },
                    },
                }
            );
        _hub.Files[path] = new ModelProto { IrVersion = 8, Graph = graph }.ToByteArray();
    }

    private async Task<PullLock> PullAsync(
        string? variant = null,
        string? token = null,
        string reference = LocalHub.Repository,
        TimeProvider? time = null
    )
    {
        using var client = new HubClient(_hub.Endpoint, token, time ?? TimeProvider.System, TimeSpan.FromMilliseconds(1));
        return await new Puller(client, _said.Add, TimeProvider.System).PullAsync(
            HubReference.Parse(reference),
            variant,
            _folder.Root,
            Stop
        );
    }
}
