using System.Collections.Immutable;
using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Artifacts;
using FreeMask.Grains.Domain;
using FreeMask.Grains.Stages;
using FreeMask.Imaging;
using FreeMask.Onnx;
using FreeMask.Vision;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;

namespace FreeMask.Pipeline;

/// <summary>Pastes objects of other samples of the round into a fraction of the samples.</summary>
internal sealed class ComposeStageHandler(BundleFolders bundles, IArtifactStore store, OnnxSessionOptions sessions)
    : IStageHandler, IDisposable
{
    // Many donors are too large or too small for the scene, so more are drawn than are pasted.
    private const int DonorsPerPlace = 6;

    // One for each round; rounds of two runs may alternate.
    private const int KeptSnapshots = 2;

    private const int KeptModels = 2;

    private readonly ModelCache<string, IReadOnlyList<ListedSample>> _snapshots = new(KeptSnapshots);
    private readonly ModelCache<(string Folder, string Hash), PlacementModel> _models = new(KeptModels);
    private RunBalance? _balance;

    public Stage Stage => Stage.Compose;

    public async Task<IReadOnlyList<StageOutcome>> RunAsync(
        RunSpec spec,
        IReadOnlyList<StageInput> inputs,
        CancellationToken cancellationToken
    )
    {
        var labels = spec.LabelSet();
        var thesaurus = RunThesaurus.Of(spec);
        var balance = BalanceOf(spec, labels, thesaurus);
        using var placement = await AcquireAsync(spec);
        var options = ComposeOptions.Default with
        {
            MaxObjects = spec.Composition.MaxObjects,
            Thesaurus = thesaurus,
            Classes = labels,
            Scorer = placement?.Model,
        };
        return await StageArtifacts.EachAsync(
            inputs,
            input => ComposeAsync(spec, input, options, balance, cancellationToken)
        );
    }

    public void Dispose()
    {
        _snapshots.Dispose();
        _models.Dispose();
    }

    /// <summary>The placement model of a run; null where it uses the rules.</summary>
    private async Task<ModelCache<(string Folder, string Hash), PlacementModel>.Lease?> AcquireAsync(RunSpec spec)
    {
        if (spec.Composition is not { PlacementFolder: { } named, PlacementHash: { } hash }) return null;
        // The bundle may lie elsewhere than on the machine that started the run.
        var folder = spec.Composition.Placement == "bundle"
            ? Path.Combine(bundles.Find(spec.Model), BundleFolders.PlacementPart)
            : named;
        return await _models.AcquireAsync((folder, hash), () => Task.FromResult(Open(folder, hash)));
    }

    private PlacementModel Open(string folder, string hash)
    {
        var model = PlacementModel.Load(folder, sessions);
        if (model.Hash == hash) return model;
        model.Dispose();
        throw new FreeMaskException(
            $"The placement model in {folder} is not the one that this run was started with (its sha256 differs). Put that one back, or "
                + "start a new run."
        );
    }

    /// <summary>The balance of the donors of a run, computed once: all batches of a run have the same.</summary>
    private DonorBalance BalanceOf(RunSpec spec, LabelSet labels, SceneThesaurus thesaurus)
    {
        if (_balance is not { } known || !known.IsFor(spec, thesaurus))
        {
            var balance = DonorBalance.Of(spec.Backgrounds, [.. spec.Classes.Select(labels.IndexOf)], thesaurus, labels);
            _balance = known = new RunBalance(thesaurus, spec.Classes, spec.Backgrounds, balance);
        }

        return known.Balance;
    }

    private async Task<StageOutcome> ComposeAsync(
        RunSpec spec,
        StageInput input,
        ComposeOptions options,
        DonorBalance balance,
        CancellationToken cancellationToken
    )
    {
        var random = input.Stream(SamplePlanner.ComposePurpose);
        var image = await store.GetImageAsync(input.Artifact(ArtifactNames.Image), cancellationToken);
        var labels = await store.GetLabelsAsync(input.Artifact(ArtifactNames.Label), cancellationToken);
        var scene = input.Plan.Background.Length == 0 ? null : input.Plan.Background;
        var background = new BackgroundSample(image, labels, (byte)input.Plan.ClassIndex, scene);
        IReadOnlyList<DonorSample> donors = SamplePlanner.TakesObjects(spec, input.Index, random)
            ? await DrawDonorsAsync(input, scene, options, balance, cancellationToken)
            : [];
        var composite = Composer.Compose(new ComposeRequest(background, donors, options), random);
        var artifacts = new List<(string, string)>
        {
            (ArtifactNames.CompositeImage, await store.PutAsync(composite.Image, cancellationToken)),
            (ArtifactNames.CompositeLabel, await store.PutAsync(composite.Classes, cancellationToken)),
            (ArtifactNames.Instances, await store.PutAsync(composite.Instances, cancellationToken)),
        };
        if (composite.Objects.Count > 0) artifacts.Add((ArtifactNames.Pasted, await store.PutAsync(composite.Pasted, cancellationToken)));
        return StageOutcome.Composed(
            [.. artifacts],
            FactsOf(composite),
            [.. composite.Objects.Select(o => PlacesOf(image, o.Choice))]
        );
    }

    /// <summary>How many objects were pasted, and for each one where it is from and how good its place is.</summary>
    private static ImmutableArray<SampleFact> FactsOf(Composite composite)
    {
        var facts = ImmutableArray.CreateBuilder<SampleFact>();
        facts.Add(new SampleFact(FactNames.Pasted, composite.Objects.Count));
        foreach (var (i, pasted) in composite.Objects.Index())
        {
            // Donors are named by their index within the round.
            facts.Add(new SampleFact(FactNames.DonorOf(i + 1), int.Parse(pasted.DonorId, CultureInfo.InvariantCulture)));
            facts.Add(new SampleFact(FactNames.PlaceOf(i + 1), Math.Round(pasted.Score, 6)));
        }

        return facts.ToImmutable();
    }

    /// <summary>The best places that were tried for an object.</summary>
    private static ObjectPlaces PlacesOf(RgbImage image, PlacementChoice choice) => ObjectPlaces.Of(
        image.Width,
        image.Height,
        choice.Chosen,
        [.. choice.Places[0].Parts.Select(p => p.Name)],
        [.. choice.Places.Select(tried => new ObjectPlace(
            tried.Place.Box.X,
            tried.Place.Box.Y,
            tried.Place.Box.Width,
            tried.Place.Box.Height,
            0,
            tried.Place.Score,
            [.. tried.Parts.Select(p => p.Value)]
        ))]
    );

    private async Task<IReadOnlyList<DonorSample>> DrawDonorsAsync(
        StageInput input,
        string? scene,
        ComposeOptions options,
        DonorBalance balance,
        CancellationToken cancellationToken
    )
    {
        using var snapshot = await _snapshots.AcquireAsync(
            input.Donors!,
            () => SampleLists.ReadSnapshotAsync(store, input.Donors!, cancellationToken)
        );
        // A second use shows the object of its drawing already.
        var others = snapshot.Model.Where(s => s.Index != input.Index && s.Index != input.Plan.Drawing).ToArray();
        var drawn = DonorSampler.Draw(
            [.. others.Select(s => (s, s.Class))],
            scene,
            input.Plan.ClassIndex,
            DonorsPerPlace * (options.MaxObjects - 1),
            input.Stream("donors"),
            options.Thesaurus,
            options.Classes,
            balance
        );
        var donors = new List<DonorSample>();
        foreach (var sample in drawn)
        {
            var image = await store.GetImageAsync(sample.Image, cancellationToken);
            var labels = await store.GetLabelsAsync(sample.Label, cancellationToken);
            if ((image.Width, image.Height) == (labels.Width, labels.Height))
                donors.Add(
                    new DonorSample(
                        sample.Index.ToString(CultureInfo.InvariantCulture),
                        image,
                        labels,
                        (byte)sample.Class
                    )
                );
        }

        return donors;
    }

    /// <summary>A balance and what it was computed from; equal settings of a label set have one thesaurus.</summary>
    private sealed record RunBalance(
        SceneThesaurus Thesaurus,
        IReadOnlyList<string> Classes,
        IReadOnlyList<string> Backgrounds,
        DonorBalance Balance)
    {
        public bool IsFor(RunSpec spec, SceneThesaurus thesaurus) =>
            ReferenceEquals(Thesaurus, thesaurus) && Classes.SequenceEqual(spec.Classes) && Backgrounds.SequenceEqual(spec.Backgrounds);
    }
}
