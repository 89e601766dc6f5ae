using FreeMask.Cli.Runs;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace FreeMask.Cli.Tests.Runs;

public sealed class DeviceSettingsTests
{
    private static readonly IConfiguration Environment = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
    {
        ["FreeMask:Devices:Names:0"] = "cuda:0",
        ["FreeMask:Devices:Names:1"] = "cuda:1",
        ["FreeMask:Devices:Providers:cuda:cudnn_conv_algo_search"] = "HEURISTIC",
        ["FreeMask:DeviceWorker:Parallelism"] = "2",
        ["FreeMask:Artifacts:Type"] = "AzureBlob",
        ["Orleans:Clustering:ProviderType"] = "Redis",
    }).Build();

    [Fact]
    public void The_environment_says_what_devices_there_are_and_how_they_work_and_nothing_else() => Assert.Equal(
        [
            "FreeMask:Devices:Names:0=cuda:0", "FreeMask:Devices:Names:1=cuda:1",
            "FreeMask:Devices:Providers:cuda:cudnn_conv_algo_search=HEURISTIC", "FreeMask:DeviceWorker:Parallelism=2",
        ],
        Lines([]));

    [Fact]
    public void Devices_that_arguments_name_take_the_place_of_those() =>
        Assert.Equal(
            [
                "FreeMask:Devices:Names:0=tensorrt:3",
                "FreeMask:Devices:Providers:cuda:cudnn_conv_algo_search=HEURISTIC",
                "FreeMask:DeviceWorker:Parallelism=2",
            ],
            Lines(["tensorrt:3"])
        );

    [Fact]
    public void So_does_the_device_for_training() => Assert.Contains("FreeMask:Devices:Training=cuda:1", Lines([], "cuda:1"));

    private static IEnumerable<string> Lines(string[] devices, string? training = null) =>
        DeviceSettings.Of(devices, training, Environment).Select(s => $"{s.Key}={s.Value}").Order(StringComparer.OrdinalIgnoreCase);
}
