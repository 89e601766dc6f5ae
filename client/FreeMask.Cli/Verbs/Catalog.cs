using System.CommandLine;

namespace FreeMask.Cli.Verbs;

/// <summary>All verbs, in the order in which help lists them.</summary>
internal static class Catalog
{
    internal static IEnumerable<Command> Create(VerbHost host) =>
    [
        RunVerbs.Run(host),
        RunVerbs.Resume(host),
        StatusVerbs.Status(host),
        StatusVerbs.Watch(host),
        SamplesVerb.Create(host),
        StatusVerbs.Pause(host),
        StatusVerbs.Cancel(host),
        RunVerbs.Retry(host),
        StorageVerbs.Remove(host),
        StorageVerbs.Collect(host),
        ProductVerbs.Export(host),
        ProductVerbs.Report(host),
        OpenVerb.Create(host),
        DashboardVerb.Create(host),
        LogsVerb.Create(host),
        EvalVerb.Create(host),
        ExperimentVerbs.Create(host),
        LabelVerbs.Create(host),
        ThesaurusVerbs.Create(host),
        ModelVerbs.Create(host),
        TrainVerbs.Create(host),
        DoctorVerb.Create(host),
        SchemaVerb.Create(host),
        CompletionVerb.Create(host),
    ];
}
