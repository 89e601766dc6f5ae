using System.Globalization;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Silos;
using FreeMask.Silo.Tests.Fakes;

// A freemask-silo with fake stages that take a while and write a journal of started work.
return await SiloProgram.RunAsync(args, (services, configuration) =>
{
    var took = TimeSpan.FromMilliseconds(configuration.GetValue("Test:BatchMilliseconds", 0));
    var journal = configuration["Test:Journal"];
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
        },
    });
    services.AddSingleton<ISegmenterTraining>(provider => new FakeTraining { Store = provider.GetRequiredService<IArtifactStore> });
}, "Test");
