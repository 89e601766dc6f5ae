using System.Globalization;
using System.Net;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Silos;
using FreeMask.Pipeline;
using FreeMask.Silo.Tests.Fakes;
using k8s;
using Orleans.Configuration;
using Orleans.Hosting.Kubernetes;

// A freemask-silo with fake stages that take a while and write a journal of started work. While the file Test:Poison exists, whose text is
// the index of a sample, every stage fails on that sample. With Test:Pipeline=true it is a freemask-silo as it is.
return await SiloProgram.RunAsync(args, (services, configuration) =>
{
    if (configuration.GetValue("Test:Pipeline", false))
    {
        services.AddFreeMaskPipeline(configuration["FreeMask:Models"]);
        return;
    }

    var took = TimeSpan.FromMilliseconds(configuration.GetValue("Test:BatchMilliseconds", 0));
    var journal = configuration["Test:Journal"];
    var poison = configuration["Test:Poison"];
    var gate = new Lock();
    services.AddSingleton<IStageRunnerFactory>(provider => new FakeStages
    {
        Store = provider.GetRequiredService<IArtifactStore>,
        Before = async (kind, inputs, token) =>
        {
            if (journal is not null)
            {
                var lines = inputs.Select(i =>
                        string.Create(CultureInfo.InvariantCulture, $"{i.Run}/{kind}/{i.Round}/{i.Index}/{i.Attempt}")
                    );
                lock (gate) File.AppendAllLines(journal, lines);
            }

            await Task.Delay(took, token);
            if (File.Exists(poison) && int.TryParse(File.ReadAllText(poison), out var poisoned) && inputs.Any(i => i.Index == poisoned))
                throw new InvalidDataException($"Sample {poisoned} is poisoned.");
        },
    });
    if (configuration["Test:KubernetesApi"] is { } api)
    {
        // A server on loopback in place of the one that the service account of a pod leads to.
        var client = new KubernetesClientConfiguration { Host = api };
        services.Configure<KubernetesHostingOptions>(o => o.GetClientConfiguration = () => client);
        services.Configure<EndpointOptions>(o =>
        {
            o.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, o.SiloPort);
            o.GatewayListeningEndpoint = new IPEndPoint(IPAddress.Loopback, o.GatewayPort);
        });
    }

    services.AddSingleton<ISegmenterTraining>(provider => new FakeTraining { Store = provider.GetRequiredService<IArtifactStore> });
}, "Test");
