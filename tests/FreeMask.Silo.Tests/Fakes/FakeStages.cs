using System.Collections.Concurrent;
using System.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Stages;

namespace FreeMask.Silo.Tests.Fakes;

/// <summary>
/// Stages without models: each result is a hash of its inputs, so that two runs agree exactly if every input, attempt, donor and scoring
/// model agrees. About one mask in seven is rejected. Counts executions.
/// </summary>
internal sealed class FakeStages : IStageRunnerFactory, IStageRunner
{
    private readonly ConcurrentDictionary<string, int> _executions = new();

    /// <summary>The store; set by the silo that uses these stages.</summary>
    public required Func<IArtifactStore> Store { get; init; }

    /// <summary>Called before a batch is executed: a test may wait, fail or count here.</summary>
    public Func<Stage, IReadOnlyList<StageInput>, CancellationToken, Task> Before { get; set; } = (_, _, _) => Task.CompletedTask;

    /// <summary>The same, with the device.</summary>
    public Func<string, Stage, IReadOnlyList<StageInput>, CancellationToken, Task> OnDevice { get; set; } =
        (_, _, _, _) => Task.CompletedTask;

    /// <summary>Called with the silo on which a batch is executed, if several silos share these stages (<see cref="On"/>).</summary>
    public Action<string, Stage> OnSilo { get; set; } = (_, _) => { };

    /// <summary>Whether stages read their input artifacts, as real ones do.</summary>
    public bool ReadsInputs { get; set; }

    /// <summary>Whether composition reads the images of all donors.</summary>
    public bool ReadsDonors { get; set; }

    /// <summary>Whether scoring reads the weights of the scoring model, as the real stage does.</summary>
    public bool ReadsScoringModels { get; set; }

    /// <summary>Whether every mask is rejected.</summary>
    public Func<bool> Reject { get; set; } = () => false;

    /// <summary>How often each (run, stage, round, index, attempt) was executed.</summary>
    public IReadOnlyDictionary<string, int> Executions => _executions;

    public IStageRunner Create(string device) => new Device(this, device, "");

    /// <summary>These stages on one silo of several.</summary>
    public IStageRunnerFactory On(string silo) => new SiloStages(this, silo);

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        Stage kind,
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        await Before(kind, inputs, cancellationToken);
        var outcomes = new List<StageOutcome>();
        foreach (var input in inputs)
        {
            foreach (var artifact in ReadsInputs ? input.Artifacts : []) await Store().GetAsync(artifact.Hash, cancellationToken);
            _executions.AddOrUpdate($"{input.Run}/{kind}/{input.Round}/{input.Index}/{input.Attempt}", 1, (_, n) => n + 1);
            outcomes.Add(await RunOneAsync(kind, input, cancellationToken));
        }

        return outcomes;
    }

    private sealed class SiloStages(FakeStages stages, string silo) : IStageRunnerFactory
    {
        public IStageRunner Create(string device) => new Device(stages, device, silo);
    }

    private sealed class Device(FakeStages stages, string name, string silo) : IStageRunner
    {
        public async Task<IReadOnlyList<StageOutcome>> RunAsync(
            Stage kind,
            RunSpec spec,
            IReadOnlyList<StageInput> inputs,
            CancellationToken cancellationToken
        )
        {
            stages.OnSilo(silo, kind);
            await stages.OnDevice(name, kind, inputs, cancellationToken);
            return await stages.RunAsync(kind, spec, inputs, cancellationToken);
        }
    }

    private async Task<StageOutcome> RunOneAsync(Stage kind, StageInput input, CancellationToken cancellationToken)
    {
        // Donors are hashed by content: the split of the list into parts depends on the shard size.
        var donors = input.Donors is null ? [] : await SampleLists.ReadSnapshotAsync(Store(), input.Donors, cancellationToken);
        if (ReadsScoringModels && input.ScoringModel is { } scoringModel) await Store().GetAsync(scoringModel.Weights, cancellationToken);
        foreach (var donor in ReadsDonors ? donors : []) await Store().GetAsync(donor.Image, cancellationToken);
        // A second use has other results than its drawing once objects are pasted in.
        var again = kind == Stage.Compose && input.Plan.Drawing is { } drawing ? $"{drawing}|" : "";
        var text =
            $"{kind}|{input.Plan.Seed}|{input.Plan.Stream}|{input.Plan.Prompt}|{input.Attempt}|{string.Join(',', donors)}|{again}"
            + $"{input.ScoringModel?.Weights}|"
            + string.Join(',', input.Artifacts.Select(a => $"{a.Name}={a.Hash}"));
        var hash = ArtifactHash.Of(Encoding.UTF8.GetBytes(text));
        var number = Convert.ToInt32(hash[..6], 16);
        return kind switch
        {
            Stage.Generate => StageOutcome.Done([
                (ArtifactNames.Image, await Put("image")),
                (ArtifactNames.Attention, await Put("attention")),
            ]),
            Stage.Mask when Reject() => StageOutcome.Rejected("rejected by the test"),
            Stage.Mask when number % 7 == 0 => StageOutcome.Rejected("too small"),
            Stage.Mask => StageOutcome.Done(
                [(ArtifactNames.Label, await Put("label"))],
                [new SampleFact("mask.threshold", number % 100 / 100.0)]
            ),
            Stage.Compose => StageOutcome.Done([
                (ArtifactNames.CompositeImage, await Put("composite")),
                (ArtifactNames.CompositeLabel, await Put("label")),
                (ArtifactNames.Instances, await Put("instances")),
            ]),
            Stage.Harmonize => StageOutcome.Done([(ArtifactNames.FinalImage, await Put("final"))]),
            _ => StageOutcome.Scored(number % 1000 / 1000.0),
        };

        Task<string> Put(string name) => Store().PutAsync(Encoding.UTF8.GetBytes($"{name}|{text}"), cancellationToken);
    }
}

/// <summary>
/// Training without a model: the weights are a hash of the examples, seed and steps, computed step by step with checkpoints.
/// </summary>
internal sealed class FakeTraining : ISegmenterTraining
{
    public required Func<IArtifactStore> Store { get; init; }

    /// <summary>Called after each checkpoint.</summary>
    public Func<TrainingCheckpoint, CancellationToken, Task> AfterCheckpoint { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Called before a training reads its examples, with the examples.</summary>
    public Action<TrainingRequest> Before { get; set; } = _ => { };

    /// <summary>Whether a training reads its examples, as the real one does.</summary>
    public bool ReadsExamples { get; set; }

    /// <summary>The quality of the starting segmenter; null where there is none.</summary>
    public Func<RunSpec, SegmenterQuality?> Start { get; set; } = _ => null;

    public Task<SegmenterQuality?> EvaluateStartAsync(RunSpec spec, ITrainingMonitor monitor, CancellationToken cancellationToken) =>
        Task.FromResult(Start(spec));

    /// <summary>Why a silo cannot train; null where it can.</summary>
    public Func<string, string?> Refuses { get; set; } = _ => null;

    /// <summary>What a silo lacks for a job; null where nothing is missing.</summary>
    public Func<string, JobKind, string?> Lacks { get; set; } = (_, _) => null;

    /// <summary>The silos that trained.</summary>
    public ConcurrentDictionary<string, bool> TrainedOn { get; } = new(StringComparer.Ordinal);

    /// <summary>The silos that evaluated.</summary>
    public ConcurrentDictionary<string, bool> EvaluatedOn { get; } = new(StringComparer.Ordinal);

    private int _stepsDone;

    /// <summary>The training as a silo has it.</summary>
    public ISegmenterTraining On(string silo) => new OfSilo(this, silo);

    /// <summary>Steps computed, over all trainings.</summary>
    public int StepsDone => _stepsDone;

    public async Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken)
    {
        Before(request);
        foreach (var example in ReadsExamples ? request.Examples : [])
        {
            await Store().GetAsync(example.Image, cancellationToken);
            await Store().GetAsync(example.Label, cancellationToken);
        }

        var state = request.Checkpoint is { } resume
            ? Encoding.UTF8.GetString((await Store().GetAsync(resume.Artifact, cancellationToken)).Span)
            : ArtifactHash.Of(Encoding.UTF8.GetBytes($"{request.Seed}|{string.Join(',', request.Examples)}"));
        for (var step = request.Checkpoint?.Step ?? 0; step < request.Steps;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            state = ArtifactHash.Of(Encoding.UTF8.GetBytes($"{state}|{step}"));
            Interlocked.Increment(ref _stepsDone);
            monitor.Report(++step, request.Steps, 1.0 / step);
            if (step % request.Spec.Training.CheckpointSteps != 0 || step == request.Steps) continue;
            var checkpoint = new TrainingCheckpoint(step, await Store().PutAsync(Encoding.UTF8.GetBytes(state), cancellationToken));
            await monitor.SaveAsync(checkpoint, cancellationToken);
            await AfterCheckpoint(checkpoint, cancellationToken);
        }

        var weights = await Store().PutAsync(Encoding.UTF8.GetBytes($"weights {state}"), cancellationToken);
        return new SegmenterModel(weights, await Store().PutAsync("config"u8.ToArray(), cancellationToken), null);
    }

    public Task<SegmenterQuality> EvaluateAsync(
        RunSpec spec,
        SegmenterModel model,
        ITrainingMonitor monitor,
        CancellationToken cancellationToken
    )
    {
        var iou = Convert.ToInt32(model.Weights[..4], 16) / 65536.0;
        return Task.FromResult(new SegmenterQuality(iou, [new ClassIoU("background", iou)]));
    }

    private sealed class OfSilo(FakeTraining training, string silo) : ISegmenterTraining
    {
        public string? Refuse(RunSpec spec) => training.Refuses(silo);

        public Task<SegmenterModel> TrainAsync(TrainingRequest request, ITrainingMonitor monitor, CancellationToken cancellationToken)
        {
            Require(JobKind.Train);
            training.TrainedOn[silo] = true;
            return training.TrainAsync(request, monitor, cancellationToken);
        }

        public Task<SegmenterQuality?> EvaluateStartAsync(RunSpec spec, ITrainingMonitor monitor, CancellationToken cancellationToken) =>
            training.EvaluateStartAsync(spec, monitor, cancellationToken);

        public Task<SegmenterQuality> EvaluateAsync(
            RunSpec spec,
            SegmenterModel model,
            ITrainingMonitor monitor,
            CancellationToken cancellationToken
        )
        {
            Require(JobKind.Evaluate);
            training.EvaluatedOn[silo] = true;
            return training.EvaluateAsync(spec, model, monitor, cancellationToken);
        }

        private void Require(JobKind kind)
        {
            if (training.Lacks(silo, kind) is { } lack) throw new SiloLacksDataException(lack);
        }
    }
}
