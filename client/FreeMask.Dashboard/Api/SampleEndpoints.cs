using FreeMask.Client.Json;
using FreeMask.Client.Runs;
using FreeMask.Dashboard.Services;
using Microsoft.Net.Http.Headers;

namespace FreeMask.Dashboard.Api;

/// <summary>
/// Rounds, samples and their artifacts. An artifact is found by run, round, index and name, of which each is checked against the sample's
/// record: no part of a request becomes a path.
/// </summary>
internal static class SampleEndpoints
{
    private const int LargestPage = 500;

    internal static void Map(RouteGroupBuilder look)
    {
        var round = look.MapGroup("/runs/{run}/rounds/{round:int:min(1)}");
        round.MapGet("/samples", ListAsync).WithSummary("Samples that a query selects").WithTags("samples");
        round.MapGet("/samples/{index:int:min(0)}", FindAsync)
            .WithSummary("A sample, as 'freemask samples RUN INDEX --json' shows it").WithTags("samples");
        round.MapGet("/samples/{index:int:min(0)}/images/{name}", ImageAsync)
            .WithSummary("An artifact as an image for people: style image, overlay, labels or indices").WithTags("samples");
        round.MapGet("/samples/{index:int:min(0)}/artifacts/{name}", ArtifactAsync)
            .WithSummary("An artifact as it is stored").WithTags("samples");
        round.MapGet("/scores", ScoresAsync).WithSummary("Histogram of scores, and classes with their cut").WithTags("rounds");
    }

    private static async Task<IResult> ListAsync(
        string run,
        int round,
        HttpRequest request,
        SampleTables tables,
        SampleRecords records,
        CancellationToken stop,
        int from = 0,
        int limit = 100
    )
    {
        var states = await tables.ReadAsync(new RoundKey(run, round - 1), stop);
        if (states is null) return ApiProblems.Missing($"round {round} of run '{run}'");
        var view = SampleView.Parse(name => request.Query[name]);
        var selected = await records.SelectAsync(run, states, view, stop);
        from = Math.Clamp(from, 0, selected.Length);
        var page = selected.AsSpan().Slice(from, Math.Min(Math.Clamp(limit, 1, LargestPage), selected.Length - from)).ToArray();
        var read = await records.ReadAsync(run, states, page, stop);
        return Results.Json(new SamplesDocument(selected.Length, from, [.. read.Select(SampleDocument.Of)]), JsonDocuments.Options);
    }

    private static async Task<IResult> FindAsync(string run, int round, int index, SampleRecords records, CancellationToken stop) =>
        await records.FindAsync(run, round - 1, index, stop) is { } sample
            ? Results.Json(SampleDocument.OfOne(sample), JsonDocuments.Options)
            : MissingSample(run, round, index);

    private static async Task<IResult> ImageAsync(
        string run,
        int round,
        int index,
        string name,
        HttpContext context,
        SampleRecords records,
        SampleImages images,
        CancellationToken stop,
        string style = "image",
        int side = 512,
        string? classes = null,
        string? v = null
    )
    {
        if (!string.IsNullOrEmpty(classes) && LabelValues.Parse(classes) is null)
            return ApiProblems.Error("The classes are not values of label maps such as 8,12.", StatusCodes.Status400BadRequest);
        if (!Enum.TryParse<ImageStyle>(style, ignoreCase: true, out var drawn) || !Enum.IsDefined(drawn))
            return ApiProblems.Error("The style is none of image, overlay, labels and indices.", StatusCodes.Status400BadRequest);
        if (await records.FindAsync(run, round - 1, index, stop) is not { } sample) return MissingSample(run, round, index);
        if (sample.Artifact(name) is not { } hash || !SampleImages.IsDrawn(name))
            return ApiProblems.Missing($"image of this name of sample {round}/{index} of run '{run}'");
        var tag = new EntityTagHeaderValue($"\"{hash[..16]}-{drawn}-{side}-{classes}\"");
        // The address names the content: it never has another one.
        var immutable = v is { Length: >= 8 } && hash.StartsWith(v, StringComparison.Ordinal);
        context.Response.Headers.CacheControl = immutable ? "private, max-age=31536000, immutable" : "private, no-cache";
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(t => t.Compare(tag, useStrongComparison: false)))
            return Results.StatusCode(StatusCodes.Status304NotModified);
        var image = await images.DrawAsync(run, sample, name, drawn, side, classes, stop);
        return image is null
            ? ApiProblems.Missing($"artifact '{name}' any more of sample {round}/{index} of run '{run}'")
            : Results.Bytes(image.Bytes, image.Type, entityTag: tag);
    }

    private static async Task<IResult> ArtifactAsync(
        string run,
        int round,
        int index,
        string name,
        SampleRecords records,
        SampleImages images,
        CancellationToken stop
    )
    {
        if (await records.FindAsync(run, round - 1, index, stop) is not { } sample) return MissingSample(run, round, index);
        if (sample.Artifact(name) is not { } hash || await images.ReadAsync(run, sample, hash, stop) is not { } bytes)
            return ApiProblems.Missing($"artifact of this name of sample {round}/{index} of run '{run}'");
        var isPng = SampleImages.IsImage(name);
        // The name is one of the sample's record by now, and the run is one of the list.
        return Results.Bytes(
            bytes,
            isPng ? "image/png" : "application/octet-stream",
            $"{run}-{round:00}-{index:000000}-{name}.{(isPng ? "png" : "safetensors")}",
            entityTag: new EntityTagHeaderValue($"\"{hash}\"")
        );
    }

    private static async Task<IResult> ScoresAsync(string run, int round, RunFeed feed, SampleTables tables, CancellationToken stop)
    {
        if (
            await feed.FindAsync(run, stop) is not { } view
            || view.Status.Rounds.FirstOrDefault(r => r.Round == round - 1) is not { } status
            || await tables.ReadAsync(new RoundKey(run, round - 1), stop) is not { } states
        )
            return ApiProblems.Missing($"round {round} of run '{run}'");
        return Results.Json(
            new ScoresDocument(ScoreHistogram.Of(states), ScoreHistogram.Classes(view.Spec, status, states)),
            JsonDocuments.Options
        );
    }

    private static IResult MissingSample(string run, int round, int index) =>
        ApiProblems.Missing($"sample {round}/{index} of run '{run}'");
}
