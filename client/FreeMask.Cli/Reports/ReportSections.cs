using System.Globalization;
using System.Text;
using FreeMask.GrainInterfaces;

namespace FreeMask.Cli.Reports;

/// <summary>The sections of a report page, from top to bottom. A section without content is left out.</summary>
internal static class ReportSections
{
    internal static void Header(StringBuilder page, ReportData data)
    {
        var last = data.Rounds.LastOrDefault(round => round.MeanIoU is not null);
        var kept = data.Rounds.Sum(round => Count(round, "kept"));
        page.AppendLine("<p class=\"eyebrow\">FreeMask run</p>");
        page.AppendLine(
            $"<div class=\"head\"><h1>{Html.Text(data.Run)}</h1><span class=\"chip "
                + $"{Html.Text(data.State.ToLowerInvariant())}\">{Html.Text(data.State.ToLowerInvariant())}</span></div>"
        );
        if (data.Problem is { } problem) page.AppendLine($"<p class=\"problem\">{Html.Text(problem)}</p>");
        page.AppendLine("<dl class=\"figures\">");
        Figure(page, "labeled images", Html.Count(kept));
        Figure(
            page,
            last is { MeasuredClasses: > 0 and var classes }
                ? $"mIoU on the held-out set, its {classes} classes"
                : "mIoU on the held-out set",
            Html.Score(last?.MeanIoU)
        );
        // A run of all classes would say the same twice.
        if (last?.MeanIoUOfRun is { } own && own != last.MeanIoU) Figure(page, "mIoU, the run's own classes", Html.Score(own));
        foreach (var figure in last?.Figures ?? []) Figure(page, figure.Name, figure.Value);
        if (data.StartMeanIoU is { } start) Figure(page, "mIoU of the starting segmenter", Html.Score(start));
        Figure(page, "rounds", $"{data.Rounds.Count} of {data.PlannedRounds}");
        Figure(page, "model", data.Model);
        Figure(page, "seed", data.Seed.ToString(CultureInfo.InvariantCulture));
        Figure(page, "time", ReportPage.Duration(data.Elapsed));
        page.AppendLine("</dl>");
        foreach (var note in data.Notes) page.AppendLine($"<p class=\"note\">{Html.Text(note)}</p>");
    }

    internal static void Funnels(StringBuilder page, ReportData data)
    {
        if (data.Rounds.Count == 0) return;
        page.AppendLine("<h2>From plan to data set</h2>");
        page.AppendLine(
            "<p class=\"lead\">How many samples reached each stage, and how well a segmenter trained on what was kept does on images "
                + "that no stage has seen.</p>"
        );
        page.AppendLine("<div class=\"pair\">");
        foreach (var round in data.Rounds)
        {
            page.AppendLine($"<div class=\"card\"><h3>Round {round.Number}</h3><div class=\"funnel\">");
            var most = Math.Max(1, round.Funnel.Max(stage => stage.Count));
            foreach (var stage in round.Funnel)
            {
                var kind = stage.Name switch { "kept" => " final", "dropped" => " dropped", _ => "" };
                Stage(page, stage.Name, stage.Count, most, kind);
            }

            if (round.Quarantined > 0) Stage(page, "quarantined", round.Quarantined, most, " bad");
            page.AppendLine("</div></div>");
        }

        if (data.Rounds.Any(round => round.MeanIoU is not null))
            page.AppendLine(
                $"<div class=\"card\"><h3>mIoU {(data.StartMeanIoU is null ? "" : "at the start and ")}after each round</h3><div "
                    + $"class=\"scroll\">{SvgCharts.MeanIoU(data.Rounds, data.PlannedRounds, data.StartMeanIoU)}</div></div>"
            );
        page.AppendLine("</div>");
    }

    internal static void Samples(StringBuilder page, ReportData data)
    {
        var rounds = data.Rounds.Where(round => round.Samples.Count > 0).ToList();
        if (rounds.Count == 0) return;
        page.AppendLine("<h2>Samples, stage by stage</h2>");
        page.AppendLine(
            "<p class=\"lead\">Drawn by the diffusion model, masked by its attention, composed, harmonized, scored. Colors are the "
                + "classes' palette; grey is the band that losses and metrics ignore.</p>"
        );
        for (var i = 0; i < rounds.Count; i++)
        {
            page.AppendLine(
                $"<details{(i == rounds.Count - 1 ? " open=\"open\"" : "")}><summary>Round {rounds[i].Number}</summary><div "
                    + $"class=\"samples\" style=\"margin-top:0.75rem\">"
            );
            foreach (var sample in rounds[i].Samples) Sample(page, sample);
            page.AppendLine("</div></details>");
        }
    }

    internal static void Scores(StringBuilder page, ReportData data)
    {
        var rounds = data.Rounds.Where(round => round.Scores.Count > 0).ToList();
        if (rounds.Count == 0) return;
        page.AppendLine("<h2>Scores and thresholds</h2>");
        page.AppendLine(
            $"<p class=\"lead\">A sample's score is {Meaning(rounds[0].Criterion)}, of its label with what a segmenter predicts that was "
                + $"not "
                + $"trained on it. Each class keeps its best {Html.Percent(rounds[0].KeepRatio)}, so each class has thresholds of its "
                + $"own.</p>"
        );
        page.AppendLine("<div class=\"pair\">");
        foreach (var round in rounds)
        {
            page.AppendLine($"<div class=\"card\"><h3>Round {round.Number}</h3><div class=\"scroll\">{SvgCharts.Histogram(round)}</div>");
            page.AppendLine(
                "<ul class=\"key\"><li class=\"kept\"><i></i>kept</li><li class=\"dropped\"><i></i>dropped</li><li "
                    + "class=\"threshold\"><i></i>threshold of a class</li></ul></div>"
            );
        }

        page.AppendLine("</div>");
        Objects(page, rounds);
        foreach (var round in rounds.Where(round => round.Borderline.Count > 0))
        {
            page.AppendLine(
                $"<details><summary>Closest to the threshold in round {round.Number}</summary><div class=\"border\" "
                    + $"style=\"margin-top:0.75rem\">"
            );
            foreach (var sample in round.Borderline) Sample(page, sample);
            page.AppendLine("</div></details>");
        }
    }

    private static string Meaning(string criterion) =>
        criterion switch
        {
            ScoreCriteria.Mask => "the IoU of all objects together, without regard to classes",
            ScoreCriteria.MaskAndClass => "the IoU of all objects together times the share of their pixels whose class is right",
            ScoreCriteria.WorstObject => "the IoU of the object that agrees least, without regard to classes",
            _ => "the mean IoU",
        };

    /// <summary>Kept of scored samples by the number of objects: whether selection changes the share of samples with several.</summary>
    private static void Objects(StringBuilder page, IReadOnlyList<ReportRound> rounds)
    {
        var counts = rounds.SelectMany(round => round.Objects).Select(share => share.LeastObjects).Distinct().Order().ToList();
        if (counts.Count == 0) return;
        page.AppendLine("<div class=\"card scroll\"><table><thead><tr><th>objects in a sample</th>");
        foreach (var round in rounds) page.AppendLine($"<th>kept in round {round.Number}</th>");
        page.AppendLine("</tr></thead><tbody>");
        foreach (var count in counts)
        {
            page.AppendLine($"<tr><td>{ObjectCounts.Name(count)}</td>");
            foreach (var round in rounds)
            {
                var share = round.Objects.FirstOrDefault(item => item.LeastObjects == count);
                page.AppendLine($"<td>{(share is null ? "–" : $"{share.Kept} of {share.Scored}")}</td>");
            }

            page.AppendLine("</tr>");
        }

        page.AppendLine("</tbody></table></div>");
    }

    internal static void Classes(StringBuilder page, ReportData data)
    {
        var names = data.Rounds.SelectMany(round => round.Classes).Select(item => (item.Name, item.Color)).Distinct().ToList();
        if (names.Count == 0) return;
        var last = data
            .Rounds.Where(round => round.Classes.Any(item => item.IoU is not null))
            .Select(round => round.Number)
            .LastOrDefault();
        page.AppendLine("<h2>Classes</h2>");
        page.AppendLine("<div class=\"card scroll\"><table><thead><tr><th>class</th>");
        foreach (var round in data.Rounds)
            page.AppendLine(
                $"<th>planned {round.Number}</th><th>kept {round.Number}</th><th>threshold {round.Number}</th><th>IoU {round.Number}</th>"
            );
        page.AppendLine("</tr></thead><tbody>");
        foreach (var (name, color) in names)
        {
            page.Append($"<tr><td><i class=\"swatch\" style=\"background:{color}\"></i>{Html.Text(name)}</td>");
            foreach (var round in data.Rounds)
            {
                var item = round.Classes.FirstOrDefault(item => item.Name == name);
                page.Append(
                    item is null
                        ? "<td>–</td><td>–</td><td>–</td><td>–</td>"
                        : $"<td>{Html.Count(item.Planned)}</td><td>{Html.Count(item.Kept)}</td><td>{Html.Score(item.ThresholdScore)}</td>"
                            + $"<td>{Meter(item.IoU, round.Number == last)}{Html.Score(item.IoU)}</td>"
                );
            }

            page.AppendLine("</tr>");
        }

        page.AppendLine("</tbody></table></div>");
    }

    internal static void Failures(StringBuilder page, ReportData data)
    {
        var rows = data.Rounds.SelectMany(round => round.Failures.Select(failure => (round.Number, failure))).ToList();
        if (rows.Count == 0) return;
        page.AppendLine("<h2>What went wrong</h2>");
        page.AppendLine(
            "<p class=\"lead\">A sample whose mask breaks a rule is drawn again with its next seed; one that fails too often is set "
                + "aside.</p>"
        );
        page.AppendLine(
            "<div class=\"card scroll\"><table><thead><tr><th>reason</th><th>round</th><th>times</th><th>for example "
                + "sample</th></tr></thead><tbody>"
        );
        foreach (var (round, failure) in rows)
            page.AppendLine(
                $"<tr><td>{Html.Text(failure.Reason)}</td><td>{round}</td><td>{Html.Count(failure.Count)}</td>"
                    + $"<td>{failure.Example}</td></tr>"
            );
        page.AppendLine("</tbody></table></div>");
    }

    internal static void Details(StringBuilder page, ReportData data)
    {
        page.AppendLine("<h2>Details</h2><div class=\"pair\">");
        List<ReportFact> outcome =
        [
            new("started", data.Started.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
            .. data.Products,
        ];
        if (data.ManifestHash is { } hash) outcome.Add(new("manifest hash", hash));
        Facts(page, "Products", outcome);
        Facts(page, "Seconds per stage", data.Seconds);
        Facts(page, "Parameters", data.Parameters);
        Facts(page, "Versions", data.Versions);
        page.AppendLine("</div>");
    }

    private static int Count(ReportRound round, string stage) => round.Funnel.Where(item => item.Name == stage).Sum(item => item.Count);

    private static void Figure(StringBuilder page, string name, string value) =>
        page.AppendLine($"<div><dt>{Html.Text(name)}</dt><dd>{Html.Text(value)}</dd></div>");

    private static void Stage(StringBuilder page, string name, int count, int most, string kind) =>
        page.AppendLine(
            $"<span>{Html.Text(name)}</span><span><span class=\"bar{kind}\" "
                + $"style=\"display:block;width:{Html.Number(100.0 * count / most)}%\"></span></span><span "
                + $"class=\"n\">{Html.Count(count)}</span>"
        );

    private static void Sample(StringBuilder page, ReportSample sample)
    {
        var verdict = sample.Kept switch
        {
            true => " · <span class=\"kept\">kept</span>",
            false => " · <span class=\"dropped\">dropped</span>",
            null => "",
        };
        page.AppendLine(
            $"<article class=\"sample\" "
                + $"id=\"{Html.Text(sample.Id)}\"><header><strong>{Html.Text(sample.Title)}</strong><span>{Html.Text(sample.Note)}</span>"
        );
        if (sample.Score is not null) page.AppendLine($"<span class=\"score\">score {Html.Score(sample.Score)}{verdict}</span>");
        page.AppendLine("</header><div class=\"strip\">");
        foreach (var image in sample.Images)
            page.AppendLine(
                $"<figure><img src=\"{image.DataUri}\" width=\"{image.Width}\" height=\"{image.Height}\" "
                    + $"alt=\"{Html.Text($"{sample.Title}, {image.Caption}")}\" "
                    + $"/><figcaption>{Html.Text(image.Caption)}</figcaption></figure>"
            );
        page.AppendLine("</div></article>");
    }

    private static string Meter(double? value, bool show) =>
        show && value is { } share && double.IsFinite(share)
            ? $"<span class=\"meter\"><i style=\"width:{Html.Number(100 * share)}%\"></i></span>"
            : "";

    private static void Facts(StringBuilder page, string title, IReadOnlyList<ReportFact> facts)
    {
        if (facts.Count == 0) return;
        page.AppendLine($"<div class=\"card\"><h3>{Html.Text(title)}</h3><dl class=\"facts\">");
        foreach (var fact in facts)
        {
            var value = Html.Text(fact.Value);
            var content = fact.Link is { } link ? $"<a href=\"{Html.Text(link)}\">{value}</a>" : value;
            page.AppendLine($"<dt>{Html.Text(fact.Name)}</dt><dd>{content}</dd>");
        }
        page.AppendLine("</dl></div>");
    }
}
