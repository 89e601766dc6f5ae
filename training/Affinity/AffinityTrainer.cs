using System.Globalization;
using FreeMask.Randomness;
using FreeMask.Training.Torch;
using FreeMask.Vision.Affinity;
using FreeMask.Vision.Masking;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace FreeMask.Training.Affinity;

/// <summary>
/// Learns affinities from coarse maps (AffinityNet, Ahn and Kwak, CVPR 2018, as DiffuMask and Free-Mask use it): cells that the maps are
/// sure of label the pairs, and the head learns from features to tell pairs of one kind from pairs across a border. The same request and
/// samples give the same weights on one kind of processor.
/// </summary>
internal static class AffinityTrainer
{
    private const int Said = 50;

    /// <summary>Trains and writes a model. Blocks the calling thread; give it one of its own.</summary>
    /// <param name="request">How.</param>
    /// <param name="examples">What to learn from, in an order that never changes.</param>
    /// <param name="folder">Where the model is written.</param>
    /// <param name="log">Takes one line of progress at a time.</param>
    /// <param name="cancellation">Stops between two steps; nothing is written then.</param>
    /// <returns>The written configuration.</returns>
    /// <exception cref="FreeMaskException">There is nothing to learn from, or the training diverged.</exception>
    public static AffinityConfig Train(
        AffinityTrainingRequest request,
        IReadOnlyList<AffinityExample> examples,
        string folder,
        Action<string> log,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(log);
        LibTorch.Require();
        var groups = request.PerClass
            ? examples
                .GroupBy(s => s.Class, StringComparer.Ordinal)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => (Class: (string?)g.Key, Examples: g.ToList()))
                .ToList()
            : [(null, examples.ToList())];
        var heads = new List<(string?, AffinityHead)>();
        foreach (var (name, own) in groups) heads.Add((name, TrainHead(request, own, name ?? "all", log, cancellation)));
        return AffinityModel.Save(
            folder,
            request.Config with
            {
                Samples = examples.Count,
                TrainingSteps = request.Steps,
                Seed = request.Seed,
            },
            heads
        );
    }

    private static AffinityHead TrainHead(
        AffinityTrainingRequest request,
        List<AffinityExample> examples,
        string name,
        Action<string> log,
        CancellationToken cancellation
    )
    {
        if (examples.Count == 0)
            throw new FreeMaskException("There is nothing to learn affinities from: no image has a coarse map that is not flat.");
        var (width, height) = (examples[0].Levels[^1].Width, examples[0].Levels[^1].Height);
        if (examples.Find(e => !e.HasShapeOf(examples[0])) is { } other)
            throw new FreeMaskException($"The images are not of one size: '{other.Id}' differs from '{examples[0].Id}'.");

        // Sources inside only, as published: a border cell of a smaller disc would weigh its near pairs more.
        var pairs = new AffinityPairs(width, height, request.Config.Radius, PairSources.Inner);
        if (pairs.Count == 0)
            throw new FreeMaskException(
                $"The images are too small for affinities within radius {request.Config.Radius}: their grid is {width} x {height}."
            );
        using var scope = NewDisposeScope();
        using var network = new AffinityNetwork(AffinityFeatures.Channels, request.Widths);
        network.Initialize(request.Seed, name);
        using var optimizer = new FlatAdamW(
            network.named_parameters().Select(p => new TrainedParameter(p.name, (Parameter)p.parameter, 1, request.WeightDecay))
        );
        for (var step = 0; step < request.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            var random = new CounterRandom(request.Seed, step, 0, "affinity-batch-" + name);
            var batch = Enumerable.Range(0, request.BatchSize).Select(_ => examples[random.NextInt(examples.Count)]).ToArray();
            var loss = Step(network, optimizer, batch, pairs, request.LearningRate * (1 - ((double)step / request.Steps)));
            if (!double.IsFinite(loss))
                throw new FreeMaskException(
                    $"The training of affinities diverged at step {step + 1}. Lower the learning rate ({request.LearningRate})."
                );
            if ((step + 1) % Said == 0 || step + 1 == request.Steps)
                log(string.Create(CultureInfo.InvariantCulture, $"{name}: step {step + 1} of {request.Steps}, loss {loss:0.000}"));
        }

        return network.ToHead();
    }

    private static double Step(AffinityNetwork network, FlatAdamW optimizer, AffinityExample[] batch, AffinityPairs pairs, double rate)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGradients();
        var levels = Enumerable.Range(0, batch[0].Levels.Count).Select(k => stack([.. batch.Select(p =>
            tensor(p.Levels[k].Values, [p.Levels[k].Channels, p.Levels[k].Height, p.Levels[k].Width]))])).ToArray();
        var embedding = network.forward(levels);
        var loss = AffinityLoss.Compute(AffinityNetwork.Split(embedding), pairs, [.. batch.Select(p => pairs.Label(p.Labels))]);
        embedding.backward([AffinityNetwork.Join(loss.Gradients)]);
        optimizer.Step(rate);
        return loss.Total;
    }
}
