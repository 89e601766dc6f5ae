using FreeMask.Hosting.Configuration;
using FreeMask.Hosting.Devices;
using FreeMask.Hosting.Silos;
using FreeMask.Pipeline;
using FreeMask.Silo.Tests.Fakes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace FreeMask.Silo.Tests.Hosting;

/// <summary>A mistake in the configuration ends the silo before it starts, and the message names the key.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private static readonly string[] Redis =
    [
        "--Orleans:Clustering:ProviderType=Redis", "--Orleans:Clustering:ConnectionString=127.0.0.1:1",
        "--Orleans:Reminders:ProviderType=Redis", "--Orleans:Reminders:ConnectionString=127.0.0.1:1",
        "--Orleans:GrainStorage:coordination:ProviderType=Redis", "--Orleans:GrainStorage:coordination:ConnectionString=127.0.0.1:1",
        "--Orleans:GrainStorage:samples:ProviderType=Redis", "--Orleans:GrainStorage:samples:ConnectionString=127.0.0.1:1",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--Orleans:Clustering:ProviderType=Zebra", "Orleans:Clustering:ProviderType is 'Zebra'")]
    [InlineData("--Orleans:Reminders:ProviderType=", "Orleans:Reminders:ProviderType is ''")]
    [InlineData("--Orleans:GrainStorage:samples:ProviderType=Sqlite", "Orleans:GrainStorage:samples:ProviderType is 'Sqlite'")]
    [InlineData("--Orleans:GrainStorage:samples:ProviderType=AdoNet", "Orleans:GrainStorage:samples:Invariant")]
    [InlineData("--Orleans:GrainStorage:samples:ConnectionString=", "Orleans:GrainStorage:samples:ConnectionName")]
    public void Providers_are_checked(string mistake, string expected)
    {
        var refused = Assert.Throws<FreeMaskException>(() => Build([.. Redis, mistake]));
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--FreeMask:DeviceWorker:Parallelism=0", "FreeMask:DeviceWorker:Parallelism is '0'")]
    [InlineData("--FreeMask:DeviceWorker:Paralelism=2", "FreeMask:DeviceWorker:Paralelism is not a setting")]
    [InlineData(
        "--FreeMask:DeviceWorker:HangsAfter=00:00:05",
        "FreeMask:DeviceWorker:HangsAfter is now named FreeMask:DeviceWorker:BatchTimeout."
    )]
    [InlineData("--FreeMask:Collection:Every=00:00:05", "FreeMask:Collection:Every is now named FreeMask:Collection:Interval.")]
    [InlineData("--FreeMask:Roles=boss", "FreeMask:Roles is 'boss'")]
    [InlineData("--FreeMask:Artifcats:Type=Folder", "FreeMask:Artifcats is not a setting; there are Artifacts,")]
    [InlineData("--FreeMask:Models=/no/such/folder", "FreeMask:Models is '/no/such/folder': there is no such folder")]
    [InlineData("--FreeMask:Artifacts:Type=AzureBlob", "FreeMask:Artifacts:ConnectionString is not set")]
    [InlineData("--FreeMask:Coordination:Lease=00:00:00", "FreeMask:Coordination:Lease is '00:00:00'")]
    public async Task Options_are_checked(string mistake, string expected)
    {
        // Some are read while the host is built, others when it starts.
        var refused = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var app = Build([mistake]);
            await app.StartAsync(TestContext.Current.CancellationToken);
        });
        var invalid = Assert.IsType<OptionsValidationException>(refused is AggregateException many ? many.InnerExceptions[0] : refused);
        Assert.Contains(invalid.Failures, f => f.Contains(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("db.example:5432", "The PostgreSQL connection string of section Orleans cannot be used")]
    [InlineData("Host=127.0.0.1;Port=1;Username=a;Password=secret;Multiplexing=true", "The PostgreSQL server 127.0.0.1:1 cannot be used")]
    public async Task A_database_that_cannot_be_used_is_named_without_its_password(string connection, string expected)
    {
        string[] sections = ["Clustering", "Reminders", "GrainStorage:coordination", "GrainStorage:samples"];
        var settings = sections.SelectMany(s =>
            new[]
            {
                $"--Orleans:{s}:ProviderType=AdoNet",
                $"--Orleans:{s}:Invariant=Npgsql",
                $"--Orleans:{s}:ConnectionString={connection}",
            }
        );
        var refused = await Assert.ThrowsAnyAsync<FreeMaskException>(async () =>
        {
            await using var app = Build([.. settings]);
            await app.StartAsync(TestContext.Current.CancellationToken);
        });
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "http://127.0.0.1:10002/account",
        "Orleans:Clustering has the address http://127.0.0.1:10002/account; without a SAS it must begin with https"
    )]
    [InlineData("AccountName=account", "The connection string of Orleans:Clustering is not one of an Azure Storage account")]
    [InlineData("account.table.core.windows.net", "The connection string of Orleans:Clustering is not one of an Azure Storage account")]
    public async Task A_place_of_an_Azure_account_that_cannot_be_one_is_named(string place, string expected)
    {
        string[] azure = ["--Orleans:Clustering:ProviderType=AzureTableStorage", $"--Orleans:Clustering:ConnectionString={place}"];
        var refused = await Assert.ThrowsAsync<FreeMaskException>(async () =>
        {
            await using var app = Build([.. Redis, .. azure]);
            await app.StartAsync(TestContext.Current.CancellationToken);
        });
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_file_that_is_not_there_or_no_cluster_is_named()
    {
        var missing = Path.Combine(_folder.Path, "none.json");
        Assert.Contains(missing, (await Assert.ThrowsAsync<FreeMaskException>(() => Connect(missing))).Message, StringComparison.Ordinal);
        var empty = Path.Combine(_folder.Path, "empty.json");
        await File.WriteAllTextAsync(empty, "{}");
        Assert.Contains(
            "Orleans:Clustering:ProviderType is missing",
            (await Assert.ThrowsAsync<FreeMaskException>(() => Connect(empty))).Message,
            StringComparison.Ordinal
        );

        static Task Connect(string file) => SiloConnection.ConnectAsync(file, null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_device_whose_provider_is_not_in_the_build_is_named_with_the_remedy()
    {
        var refused = await RefusedAsync("--FreeMask:Devices:Names:0=tensorrt:1");
        Assert.Contains("FreeMask:Devices:Names has 'tensorrt:1'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("-p:Accelerator=cuda", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cpu:first", "no device's number")]
    [InlineData("cpu:-1", "no device's number")]
    [InlineData("cpu:", "no device's number")]
    [InlineData("gpu:0", "no execution provider named gpu")]
    [InlineData(":0", "no execution provider named")]
    public async Task Names_that_are_no_devices_end_a_silo_as_it_starts(string device, string expected)
    {
        var refused = await RefusedAsync($"--FreeMask:Devices:Names:0={device}");
        Assert.Contains($"FreeMask:Devices:Names has '{device}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abacus", "is no device for training")]
    [InlineData("cuda:99", "'cuda:99'")]
    public async Task A_device_for_training_that_is_not_there_is_refused_at_start(string device, string reason)
    {
        var refused = await RefusedAsync($"--FreeMask:Devices:Training={device}");
        Assert.Contains("FreeMask:Devices:Training: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Why a silo with the stages does not start with a setting.</summary>
    private Task<OptionsValidationException> RefusedAsync(string setting) =>
        Assert.ThrowsAsync<OptionsValidationException>(async () =>
        {
            await using var app = Build([setting], services => services.AddFreeMaskPipeline(null));
            await app.StartAsync(TestContext.Current.CancellationToken);
        });

    [Fact]
    public void Options_of_providers_and_limits_reach_the_sessions_of_a_device()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Names:0"] = "cuda:1",
            ["Threads"] = "3",
            ["ArenaMegabytes"] = "6000",
            ["OptimizedGraphs"] = "graphs",
            ["Providers:CUDA:cudnn_conv_algo_search"] = "HEURISTIC",
            ["Providers:cpu:other"] = "1",
        }).Build();
        var sessions = configuration.Get<DeviceOptions>()!.SessionsOf("cuda:1");
        Assert.Equal(("cuda", 3, 6000, "graphs"), (sessions.Provider, sessions.Threads, sessions.ArenaMegabytes, sessions.OptimizedGraphs));
        Assert.Equal(
            [("cudnn_conv_algo_search", "HEURISTIC"), ("device_id", "1")],
            sessions.ProviderOptions.Select(o => (o.Key, o.Value)).Order()
        );
    }

    private Microsoft.AspNetCore.Builder.WebApplication Build(string[] arguments, Action<IServiceCollection>? services = null) =>
        SiloProgram.Build(
            SiloArguments.Parse([
                $"--FreeMask:DataFolder={_folder.Path}",
                "--urls=http://127.0.0.1:0",
                "--Logging:LogLevel:Default=None",
                "--Logging:LogLevel:Orleans=None",
                .. arguments,
            ]),
            (all, _) => services?.Invoke(all)
        );
}
