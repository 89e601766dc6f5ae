using System.Globalization;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Vision;

namespace FreeMask.Cli.Reports;

/// <summary>Collects the data of a report: reads all sample records, selects samples, and loads their images.</summary>
internal sealed class ReportBuilder(RunReader run, TimeProvider time)
{
    private const int StripsPerRound = 8, BorderlinePerSide = 4;
    private readonly ReportImages _images = new(run);

    /// <summary>Collects everything; possible in any state of a run.</summary>
    /// <param name="products">The paths of the run's products.</param>
    /// <param name="versions">Versions of the programs and libraries.</param>
    /// <param name="notes">Messages about its settings.</param>
    /// <param name="stop">Cancels between samples.</param>
    internal async Task<ReportData> BuildAsync(
        IReadOnlyList<ReportFact> products,
        IReadOnlyList<ReportFact> versions,
        IReadOnlyList<string> notes,
        CancellationToken stop
    )
    {
        var (status, spec) = (run.Status, run.Spec);
        var rounds = new List<ReportRound>();
        foreach (var round in status.Rounds) rounds.Add(await RoundAsync(round, stop));
        var started = status.StartedAt ?? time.GetUtcNow();
        return new ReportData
        {
            Run = status.Run,
            State = status.State.ToString(),
            Problem = status.Reason ?? status.Rounds.LastOrDefault(round => round.Error is not null)?.Error,
            Seed = spec.Seed,
            Model = Path.GetFileName(spec.Model.TrimEnd(Path.DirectorySeparatorChar)),
            PlannedRounds = status.RoundsPlanned,
            Started = started,
            // The clock may have been set back between two processes.
            Elapsed = (status.EndedAt ?? time.GetUtcNow()) is var ended && ended > started ? ended - started : TimeSpan.Zero,
            ManifestHash = status.ManifestHash,
            StartMeanIoU = status.Rounds.FirstOrDefault()?.StartQuality?.MeanIoU,
            Rounds = rounds,
            Products = products,
            Notes = notes,
            Parameters = Parameters(spec),
            Versions = [.. versions, .. Environment(status.Environment)],
            Seconds =
            [
                .. RunDocument
                    .SecondsOf(status)
                    .Select(item => new ReportFact(item.Key, item.Value.ToString("0.0", CultureInfo.InvariantCulture))),
            ],
        };
    }

    private static IEnumerable<ReportFact> Environment(RunEnvironment? environment)
    {
        if (environment is null) yield break;
        yield return new("arithmetic", $"{environment.Arithmetic}, on {environment.DeviceKind}");
        if (environment.Bundle is { } bundle) yield return new("bundle", $"sha256 {bundle}");
    }

    private async Task<ReportRound> RoundAsync(RoundStatus round, CancellationToken stop)
    {
        var samples = new List<SampleRecord>();
        await foreach (var sample in run.SamplesAsync(round.Round, null, stop)) samples.Add(sample);
        var counts = round.Counts;
        return new ReportRound
        {
            Number = round.Round + 1,
            Funnel = [.. StatusFormatter.Funnel(counts).Select(state => new ReportStage(state.State, state.Count))],
            Quarantined = counts.Quarantined,
            KeepRatio = run.Spec.KeepRatio,
            Criterion = run.Spec.Scoring.Criterion,
            Objects = round.Objects,
            Scores = [.. samples.Where(IsDecided).Select(sample => new ReportScore(sample.Score!.Value, sample.State == SampleState.Kept))],
            Classes = [.. run.Spec.Classes.Select(name => Class(run.Spec.LabelSet(), name, round, samples))],
            MeanIoU = round.Quality?.MeanIoU,
            MeanIoUOfRun = round.Quality is { } quality ? RoundDocument.OwnMean(quality, run.Spec.Classes) : null,
            Figures = [.. Figures(round.Quality)],
            MeasuredClasses = round.Quality?.Classes.Length ?? 0,
            Samples = await SamplesAsync(
                ReportSelection.Strips(samples, Math.Max(StripsPerRound, run.Spec.Classes.Length)),
                strip: true,
                stop
            ),
            Borderline = await SamplesAsync(ReportSelection.Borderline(samples, round.Thresholds, BorderlinePerSide), strip: false, stop),
            Failures = [.. round.Failures.Select(failure => new ReportFailure(failure.Reason, failure.Count, failure.Example))],
        };
    }

    private static IEnumerable<ReportFact> Figures(SegmenterQuality? quality)
    {
        if (quality?.ZeroShot is { } split)
        {
            yield return new("mIoU of seen classes", Html.Score(split.Seen));
            yield return new("mIoU of unseen classes", Html.Score(split.Unseen));
            yield return new("their harmonic mean", Html.Score(split.Harmonic));
        }

        if (quality?.Transfer is { } second) yield return new("mIoU on the second data set", Html.Score(second.MeanIoU));
    }

    private static bool IsDecided(SampleRecord sample) => sample is { Score: not null, State: SampleState.Kept or SampleState.Dropped };

    private static ReportClass Class(LabelSet labels, string name, RoundStatus round, List<SampleRecord> samples)
    {
        var (r, g, b) = labels.Color((byte)labels.IndexOf(name));
        var own = samples.Where(sample => sample.Plan.Class == name).ToList();
        var iou = round.Quality?.Classes.FirstOrDefault(item => item.Class == name)?.IoU;
        return new ReportClass(
            name,
            $"#{r:x2}{g:x2}{b:x2}",
            own.Count,
            own.Count(sample => sample.State == SampleState.Kept),
            round.Thresholds.LowestByClass().TryGetValue(name, out var cut) ? cut : null,
            iou
        );
    }

    private async Task<IReadOnlyList<ReportSample>> SamplesAsync(IEnumerable<SampleRecord> samples, bool strip, CancellationToken stop)
    {
        var shown = new List<ReportSample>();
        foreach (var sample in samples)
        {
            var images = strip ? await _images.StripAsync(sample, stop) : await _images.ScoredImagesAsync(sample, stop);
            bool? kept = sample.State switch { SampleState.Kept => true, SampleState.Dropped => false, _ => null };
            var attempt = sample.Attempt > 0 ? string.Create(CultureInfo.InvariantCulture, $", attempt {sample.Attempt + 1}") : "";
            var again = sample.Plan.Drawing is { } drawing
                ? string.Create(CultureInfo.InvariantCulture, $" (the image of {drawing} again)")
                : "";
            var id = string.Create(CultureInfo.InvariantCulture, $"{(strip ? "s" : "b")}{sample.Round + 1}-{sample.Index}");
            shown.Add(
                new(
                    id,
                    run.Spec.LabelSet()[sample.Plan.ClassIndex].Words,
                    $"sample {sample.Index}{again}{attempt}, “{sample.Plan.Prompt}”",
                    sample.Score,
                    kept,
                    images
                )
            );
        }

        return shown;
    }

    private static string Share(double? share) =>
        share is { } part ? string.Create(CultureInfo.InvariantCulture, $", {100 * part:0} % of a training's images") : "";

    private static string Shares(RunSpec spec)
    {
        var (all, second) = (spec.SamplesPerRound, SamplePlanner.SecondUsesPerRound(spec));
        var share = $"{100 * spec.Composition.MultiShare:0} %";
        if (second == 0) return share;
        var others = all - (2 * second);
        var rest = others > 0 ? $" and {share} of {others} others" : "";
        return $"{second} of {all} samples (second uses of images){rest}";
    }

    private static IReadOnlyList<ReportFact> Parameters(RunSpec spec)
    {
        // Numbers have the same form everywhere: every program of FreeMask is built with InvariantGlobalization.
        return
        [
            new("classes", string.Join(", ", spec.Classes)),
            new("label set", spec.LabelSet().Name),
            new("backgrounds", spec.Backgrounds.IsEmpty ? "none named" : string.Join(", ", spec.Backgrounds)),
            new("rounds", $"{spec.Rounds} of {spec.SamplesPerRound} samples, {100 * spec.KeepRatio:0} % kept"),
            new(
                "generation",
                $"{spec.Generation.Steps} steps, guidance {spec.Generation.Guidance}, "
                    + $"{spec.Generation.Scheduler ?? "the bundle's scheduler"}"
            ),
            new(
                "mask",
                $"{spec.Mask.Preset}, refinement {spec.Mask.Refinement}, threshold "
                    + $"{spec.Mask.Threshold?.ToString(CultureInfo.InvariantCulture) ?? "per image"}, ignore band {spec.Mask.IgnoreBand}"
            ),
            new(
                "composition",
                $"{Shares(spec)} with up to {spec.Composition.MaxObjects} objects of "
                    + $"{(spec.Composition.JudgesDonors ? "the best" : "all")} samples, thesaurus "
                    + $"{(spec.Composition.Thesaurus is { } file ? Path.GetFileName(file) : "that ships")}, threshold "
                    + $"{spec.Composition.ThesaurusThreshold}, places by "
                    + (spec.Composition.Placement == "bundle" ? "the bundle's model"
                        : spec.Composition.PlacementFolder is { } placement ? $"model {Path.GetFileName(placement)}"
                        : "rules")
            ),
            new("harmonization", Harmonization(spec.Harmonization)),
            new(
                "scoring",
                $"{spec.Scoring.Folds} folds in the first round, {spec.Scoring.FoldSteps ?? spec.Training.Steps} steps each"
            ),
            new(
                "training",
                $"{spec.Training.Steps} steps of {spec.Training.Batch}, learning rate {spec.Training.LearningRate}, starting from "
                    + spec.Training.Init
                    + (spec.Training.Precision == "fp32" ? "" : $", in {spec.Training.Precision}")
                    + (spec.Training.StartShare > 0 ? $", which is {100 * spec.Training.StartShare:0} % of the final weights" : "")
            ),
            new("real images", spec.Training.Real is { } real ? $"{real}{Share(spec.Training.RealShare)}" : "none"),
            new(
                "evaluation",
                $"{spec.Evaluation.Dataset}, protocol {spec.Evaluation.Protocol}"
                    + (spec.Evaluation.Transfer is { } second ? $", and {second}" : "")
            ),
        ];
    }

    private static string Harmonization(HarmonizationSpec spec)
    {
        if (!spec.Enabled) return "off";
        var model = spec.ModelFolder is null ? "" : $", model {Path.GetFileName(spec.ModelFolder)}";
        return $"strength {spec.Strength}{model}{(spec.Sharpness == "match" ? ", sharpness matched" : "")}";
    }
}
