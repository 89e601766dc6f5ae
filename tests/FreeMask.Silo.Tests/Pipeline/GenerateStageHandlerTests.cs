using FreeMask.GrainInterfaces;
using FreeMask.Grains.Stages;
using FreeMask.Hosting.Artifacts;
using FreeMask.Onnx;
using FreeMask.Pipeline;
using FreeMask.Silo.Tests.Fakes;
using FreeMask.Vision;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FreeMask.Silo.Tests.Pipeline;

public sealed class GenerateStageHandlerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_prompt_that_is_cut_off_is_logged_once_and_not_for_each_of_its_samples()
    {
        var log = new Lines();
        var spec = new RunSpec
        {
            Name = "long",
            Classes = ["cat", "dog"],
            Generation = new GenerationSpec
            {
                Steps = 1,
                Batch = 2,
                Guidance = 1,
            },
        };
        using var step = new GenerateStageHandler(
            new BundleFolders(Path.Combine(Repository.Root, "models")),
            new FolderArtifactStore(_folder.Path, TimeProvider.System),
            new OnnxSessionOptions(),
            log
        );

        for (var batch = 0; batch < 2; batch++)
            await step.RunAsync(
                spec,
                [
                    Input(2 * batch, "cat", " on the grass"),
                    Input((2 * batch) + 1, "dog", string.Concat(Enumerable.Repeat(" grass", 90)) + " the end"),
                ],
                TestContext.Current.CancellationToken
            );

        var line = Assert.Single(log.Written);
        Assert.Contains("a photo of a dog", line, StringComparison.Ordinal);
        Assert.Contains("cut off", line, StringComparison.Ordinal);
    }

    private static StageInput Input(int index, string name, string rest) => new()
    {
        Run = "run",
        Round = 0,
        Index = index,
        Attempt = 0,
        Plan = new SamplePlan(index, name, VocClasses.IndexOf(name), "", $"a photo of a {name}{rest}", "", 1),
    };

    private sealed class Lines : ILogger<GenerateStageHandler>
    {
        internal List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Written.Add(formatter(state, exception));
    }
}
