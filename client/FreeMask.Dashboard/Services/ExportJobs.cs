using System.Collections.Concurrent;
using System.IO.Compression;
using FreeMask.Client.Runs;
using FreeMask.Dashboard.Engines;
using FreeMask.Grains.Domain;
using FreeMask.Vision.Export;

namespace FreeMask.Dashboard.Services;

/// <summary>An export that is written, or was.</summary>
/// <param name="Id">Names it; hard to guess.</param>
/// <param name="Run">The run.</param>
/// <param name="Format">The layout.</param>
/// <param name="Stratum">The numbers of objects of its samples, as <see cref="ObjectRange"/> writes them; null for all.</param>
/// <param name="Done">Samples written.</param>
/// <param name="Total">Samples to write.</param>
/// <param name="Ready">Whether it can be downloaded.</param>
/// <param name="Train">Samples in <c>train</c>, once it is ready.</param>
/// <param name="Validation">Samples in <c>val</c>, once it is ready.</param>
/// <param name="Objects">Visible objects, once it is ready.</param>
/// <param name="Problem">Why it failed; null if it did not.</param>
internal sealed record ExportView(
    string Id,
    string Run,
    string Format,
    string? Stratum,
    int Done,
    int Total,
    bool Ready,
    int Train,
    int Validation,
    int Objects,
    string? Problem
);

/// <summary>What an export of a run would hold.</summary>
/// <param name="Samples">Kept samples of the rounds that are selected, of the asked stratum.</param>
/// <param name="Classes">These by the class that they count for.</param>
/// <param name="Strata">
/// Kept samples of each stratum that can be exported alone, by numbers of objects as <see cref="ObjectRange"/> writes them: one object,
/// several, two, three and more.
/// </param>
/// <param name="Colors">The colors of these classes in the masks of an export, as <c>#rrggbb</c>.</param>
/// <param name="Formats">The layouts to choose from.</param>
internal sealed record ExportPlan(
    int Samples,
    IReadOnlyDictionary<string, int> Classes,
    IReadOnlyDictionary<string, int> Strata,
    IReadOnlyDictionary<string, string> Colors,
    IReadOnlyList<string> Formats
);

/// <summary>Samples of a round that somebody chose.</summary>
/// <param name="Round">The round, from 0.</param>
/// <param name="Samples">Their indices.</param>
internal sealed record ExportChoice(int Round, IReadOnlySet<int> Samples);

/// <summary>
/// Writes exports to temporary folders and packs them into downloads. An export is removed an hour after it was made, or when the
/// dashboard stops.
/// </summary>
internal sealed partial class ExportJobs(
    IEngineSource source,
    SampleTables tables,
    RunFeed feed,
    TimeProvider time,
    ILogger<ExportJobs> logger
) : IAsyncDisposable
{
    private const int MostAtATime = 2;

    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, Job> _jobs = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>The layouts.</summary>
    internal static IReadOnlyList<string> Formats { get; } = [.. DatasetExporter.Formats.Select(f => f.Name)];

    /// <summary>What an export would hold, from the compact states: no record is read. Null if there is no such run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stratum">Only samples with these numbers of objects, as <see cref="ObjectRange"/> writes them; null for all.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="FreeMaskException">There is no such stratum.</exception>
    internal async Task<ExportPlan?> PlanAsync(string run, string? stratum, CancellationToken stop)
    {
        var range = RangeOf(stratum);
        if (await feed.FindAsync(run, stop) is not { } view) return null;
        var classes = new Dictionary<string, int>(StringComparer.Ordinal);
        var strata = ObjectRange.Strata.ToDictionary(s => s.ToString(), _ => 0, StringComparer.Ordinal);
        foreach (var round in view.Status.Rounds)
        {
            if (await tables.ReadAsync(new RoundKey(run, round.Round), stop) is not { } states) continue;
            foreach (var index in states.Select(new SampleView { State = GrainInterfaces.SampleState.Kept }))
            {
                var objects = states.ObjectsOf(index);
                foreach (var part in ObjectRange.Strata)
                    if (part.Contains(objects)) strata[part.ToString()]++;
                if (range?.Contains(objects) == false) continue;
                classes[states.ClassOf(index)] = classes.GetValueOrDefault(states.ClassOf(index)) + 1;
            }
        }

        // In the order of the run, not in that of their first samples.
        classes = view.Spec.Classes.Distinct(StringComparer.Ordinal).Where(classes.ContainsKey)
            .ToDictionary(name => name, name => classes[name], StringComparer.Ordinal);
        var colors = classes.Keys.ToDictionary(name => name, name => ClassColors.OfExport(view.Spec, name), StringComparer.Ordinal);
        return new ExportPlan(classes.Values.Sum(), classes, strata, colors, Formats);
    }

    private static ObjectRange? RangeOf(string? stratum) =>
        string.IsNullOrEmpty(stratum) ? null
        : ObjectRange.Parse(stratum)
            ?? throw new FreeMaskException(
                "The stratum is no number of objects: '1' is one, '2-' two and more, '2-3' two and three; without it all are exported."
            );

    /// <summary>Begins an export.</summary>
    /// <exception cref="FreeMaskException">
    /// There is no such format or stratum, nothing to export, or too many exports are being written.
    /// </exception>
    /// <param name="run">The run.</param>
    /// <param name="format">The layout.</param>
    /// <param name="stratum">Only samples with these numbers of objects; null for all.</param>
    /// <param name="choice">Only the kept ones of these samples; null for all.</param>
    /// <param name="stop">Gives up.</param>
    internal async Task<ExportView> BeginAsync(string run, string format, string? stratum, ExportChoice? choice, CancellationToken stop)
    {
        RemoveOld();
        var layout = DatasetExporter.Format(format);
        var plan = await PlanAsync(run, stratum, stop) ?? throw new RunNotFoundException(run);
        var range = RangeOf(stratum);
        if (choice is not null) plan = plan with { Samples = await CountKeptAsync(run, choice, range, stop) };
        if (plan.Samples == 0 && choice is not null)
            throw new FreeMaskException("None of the selected samples was kept: there is nothing to export.");
        if (plan.Samples == 0 && range is { } none)
            throw new FreeMaskException($"Run '{run}' has kept no sample with {none.Describe()}: there is nothing to export.");
        if (plan.Samples == 0)
            throw new FreeMaskException($"Run '{run}' has kept no sample yet: there is nothing to export before its first selection.");
        if (_jobs.Values.Count(j => j.View is { Ready: false, Problem: null }) >= MostAtATime)
            throw new FreeMaskException("Two exports are being written already; begin when one of them is ready.");
        var id = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
        var job = new Job(
            new ExportView(id, run, layout.Name, range?.ToString(), 0, plan.Samples, false, 0, 0, 0, null),
            Directory.CreateTempSubdirectory("freemask-export-").FullName,
            time.GetUtcNow()
        );
        _jobs[id] = job;
        job.Work = Task.Run(() => WriteAsync(job, layout, StratumOf(range, choice)), CancellationToken.None);
        return job.View;
    }

    /// <summary>An export; null if there is none of this id.</summary>
    internal ExportView? Find(string id) => _jobs.TryGetValue(id, out var job) ? job.View : null;

    /// <summary>Packs an export into a zip file while it is sent.</summary>
    /// <returns>False if there is no such export, or if it is not ready.</returns>
    internal async Task<bool> SendAsync(string id, Stream output, CancellationToken stop)
    {
        if (!_jobs.TryGetValue(id, out var job) || !job.View.Ready) return false;
        var root = Path.Combine(job.Folder, "dataset");
        await using var zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, null, stop);
        foreach (var file in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(root, file).Replace('\\', '/');
            var packed = Path.GetExtension(file) is ".jpg" or ".png" ? CompressionLevel.NoCompression : CompressionLevel.Fastest;
            await zip.CreateEntryFromFileAsync(file, name, packed, stop);
        }

        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var job in _jobs.Values)
        {
            await job.Work.ContinueWith(_ => { }, TaskScheduler.Default);
            Remove(job);
        }

        _stop.Dispose();
    }

    private async Task WriteAsync(Job job, IDatasetFormat format, ExportStratum? stratum)
    {
        try
        {
            var engine = source.Current ?? throw new FreeMaskException(source.Problem ?? "The runs are not open yet.");
            var summary = await DatasetExport.WriteAsync(
                await RunReader.OpenAsync(engine, job.View.Run),
                format,
                Path.Combine(job.Folder, "dataset"),
                overwrite: false,
                new Progress(done => job.View = job.View with { Done = done }),
                _stop.Token,
                stratum
            );
            job.View = job.View with
            {
                Ready = true,
                Done = summary.Train + summary.Validation,
                Total = summary.Train + summary.Validation,
                Train = summary.Train,
                Validation = summary.Validation,
                Objects = summary.Objects,
            };
        }
        catch (Exception exception)
        {
            LogFailed(logger, exception, job.View.Run);
            job.View = job.View with { Problem = exception.Message.Split('\n')[0] };
        }
    }

    private async Task<int> CountKeptAsync(string run, ExportChoice choice, ObjectRange? range, CancellationToken stop) =>
        await tables.ReadAsync(new RoundKey(run, choice.Round), stop) is not { } states
            ? 0
            : choice.Samples.Count(i =>
                i >= 0 && i < states.Count && states.StateOf(i) == GrainInterfaces.SampleState.Kept
                    && range?.Contains(states.ObjectsOf(i)) != false);

    private static ExportStratum? StratumOf(ObjectRange? range, ExportChoice? choice)
    {
        if (range is null && choice is null) return null;
        string?[] words = [range is { } part ? $"samples with {part.Describe()}" : null, choice is null ? null : "chosen samples"];
        return new ExportStratum(
            string.Join(", ", words.OfType<string>()),
            sample => range?.Contains(SampleTransitions.ProgressOf(sample).Objects) != false
                && (choice is null || (sample.Round == choice.Round && choice.Samples.Contains(sample.Index)))
        );
    }

    private void RemoveOld()
    {
        foreach (var job in _jobs.Values)
            if (job.Work.IsCompleted && time.GetUtcNow() - job.BeganAt > KeptFor) Remove(job);
    }

    private void Remove(Job job)
    {
        _jobs.TryRemove(job.View.Id, out _);
        try
        {
            Directory.Delete(job.Folder, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(logger, exception, job.View.Run);
        }
    }

    private sealed class Job(ExportView view, string folder, DateTimeOffset beganAt)
    {
        private volatile ExportView _view = view;

        public ExportView View
        {
            get => _view;
            set => _view = value;
        }

        public string Folder => folder;

        public DateTimeOffset BeganAt => beganAt;

        public Task Work { get; set; } = Task.CompletedTask;
    }

    private sealed class Progress(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An export of run {Run} failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, string run);
}
