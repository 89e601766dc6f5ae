using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using FreeMask.Client.Json;
using FreeMask.Client.Runs;
using FreeMask.Dashboard.Engines;
using FreeMask.Dashboard.Services;

namespace FreeMask.Dashboard.Api;

/// <summary>Runs: what they are and what can be done with them.</summary>
internal static class RunEndpoints
{
    internal static void Map(RouteGroupBuilder look, RouteGroupBuilder change)
    {
        look.MapGet("/runs", ListAsync).WithSummary("All runs").WithTags("runs");
        look.MapGet("/runs/{run}", FindAsync).WithSummary("A run, as 'freemask status RUN --json' shows it").WithTags("runs");
        look.MapGet("/runs/{run}/work", WorkAsync).WithSummary("Progress, funnel and bottleneck of a run").WithTags("runs");
        look.MapGet("/events", Events).WithSummary("Server-sent events: 'runs' after each change of any run").WithTags("runs");
        change.MapPost("/runs", StartAsync).WithSummary("Starts a run from the text of a run file").WithTags("runs");
        change.MapPost("/run-files/check", (StartBody body, RunControl control) =>
            Results.Json(control.Check(body.File), JsonDocuments.Options))
            .WithSummary("Checks the text of a run file").WithTags("runs");
        change.MapPost("/run-files/complete", (CompleteBody body, RunControl control) =>
            Results.Json(control.Complete(body.File, body.Line, body.Column), JsonDocuments.Options))
            .WithSummary("Keys and values that fit a place of a run file").WithTags("runs");
        change.MapPost("/runs/{run}/pause", async
            (string run, ReasonBody? body, RunControl control, RunFeed feed, RunDescriber describer) =>
        {
            await control.PauseAsync(run, body?.Reason);
            return await NowAsync(run, feed, describer);
        }).WithSummary("Pauses a run: nothing new starts, and work in flight is finished").WithTags("runs");
        change.MapPost("/runs/{run}/resume", async
            (string run, RunControl control, RunFeed feed, RunDescriber describer) =>
        {
            await control.ResumeAsync(run);
            return await NowAsync(run, feed, describer);
        }).WithSummary("Resumes a run").WithTags("runs");
        change.MapPost("/runs/{run}/cancel", async
            (string run, ReasonBody? body, RunControl control, RunFeed feed, RunDescriber describer) =>
        {
            await control.CancelAsync(run, body?.Reason);
            return await NowAsync(run, feed, describer);
        }).WithSummary("Cancels a run for good; closed rounds stay").WithTags("runs");
        change.MapPost("/runs/{run}/retry", async
            (string run, RetryBody? body, RunControl control, RunFeed feed, RunDescriber describer) =>
        {
            await control.RetryAsync(run, body?.Samples);
            return await NowAsync(run, feed, describer);
        }).WithSummary("Retries what failed").WithTags("runs");
        change.MapDelete("/runs/{run}", async (string run, RunControl control) =>
        {
            await control.RemoveAsync(run);
            return Results.NoContent();
        }).WithSummary("Removes the records of a run that is not at work").WithTags("runs");
    }

    /// <summary>The document of a run, as the command line writes it.</summary>
    internal static RunDocument Describe(RunView run, RunDescriber describe) =>
        describe(RunDocument.Of(run.Spec, run.Status), run.Spec, run.Status) with { Interrupted = run.Interrupted };

    private static async Task<IResult> ListAsync(RunFeed feed, RunDescriber describe, CancellationToken stop)
    {
        var snapshot = await feed.ReadAsync(stop);
        var runs = snapshot.Runs.Reverse().Select(run => Describe(run, describe)).ToList();
        return Results.Json(new RunsDocument(snapshot.At, snapshot.Problem, runs), JsonDocuments.Options);
    }

    private static async Task<IResult> FindAsync(string run, RunFeed feed, RunDescriber describe, CancellationToken stop) =>
        (await feed.ReadAsync(stop)).Find(run) is { } view
            ? Results.Text(JsonDocuments.Write(Describe(view, describe)), "application/json; charset=utf-8")
            : throw new RunNotFoundException(run);

    private static async Task<IResult> NowAsync(string run, RunFeed feed, RunDescriber describe) =>
        await FindAsync(run, feed, describe, CancellationToken.None);

    private static async Task<IResult> WorkAsync(
        string run,
        RunFeed feed,
        SampleTables tables,
        ClusterFeed cluster,
        CancellationToken stop
    )
    {
        var view = (await feed.ReadAsync(stop)).Find(run) ?? throw new RunNotFoundException(run);
        var states = view.Round is { } round ? await tables.ReadAsync(new RoundKey(run, round.Round), stop) : null;
        var left = view.Left;
        return Results.Json(
            new WorkDocument(
                view.Progress,
                Bottleneck.Of(view, await cluster.CountDevicesAsync(stop)),
                left is { WholeRun: true } ? [left.Earliest.TotalSeconds, left.Latest.TotalSeconds] : null,
                view.Round is { } last ? FunnelRow.Of(last, view.Rates, states) : []
            ),
            JsonDocuments.Options
        );
    }

    private static async Task<IResult> StartAsync(StartBody body, RunControl control, CancellationToken stop)
    {
        var id = await control.StartAsync(body.File, body.Again, stop);
        return Results.Json(new RunName(id), JsonDocuments.Options, statusCode: StatusCodes.Status201Created);
    }

    private static IResult Events(RunFeed feed, RunDescriber describe, CancellationToken stop) =>
        TypedResults.ServerSentEvents(ChangesAsync(feed, describe, stop));

    /// <summary>The runs now, and again after each change.</summary>
    private static async IAsyncEnumerable<SseItem<string>> ChangesAsync(
        RunFeed feed,
        RunDescriber describe,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        using var changed = new SemaphoreSlim(1);
        void Tell()
        {
            // One pending signal is enough: the newest state is sent.
            if (changed.CurrentCount == 0) changed.Release();
        }

        feed.Changed += Tell;
        try
        {
            string? last = null;
            while (!stop.IsCancellationRequested)
            {
                await changed.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (stop.IsCancellationRequested) yield break;
                var snapshot = feed.Current;
                var runs = snapshot.Runs.Reverse().Select(run => Describe(run, describe)).ToList();
                // Without the time, which changes always.
                var content = System.Text.Json.JsonSerializer.Serialize(
                    new RunsDocument(null, snapshot.Problem, runs),
                    JsonDocuments.Options
                );
                if (content == last) continue;
                last = content;
                yield return new SseItem<string>(content.ReplaceLineEndings(" "), "runs");
            }
        }
        finally
        {
            feed.Changed -= Tell;
        }
    }
}
