using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Bundles;
using FreeMask.Cli.Hub;
using FreeMask.Cli.RunFiles;
using FreeMask.Cli.Terminal;
using FreeMask.Diffusion.Inspection;
using FreeMask.Diffusion.Models;
using Spectre.Console;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask models</c>: lists, describes and verifies model bundles.</summary>
internal static class ModelVerbs
{
    internal static Command Create(VerbHost host) =>
        new("models", "List, pull, inspect, verify and compare model bundles.")
        {
            List(host),
            PullVerb.Create(host),
            Inspect(host),
            Verify(host),
            ConformanceVerb.Create(Model(), model => Folder(host, model), host),
        };

    private static Command List(VerbHost host) =>
        host.Handle(new Command("list", "List the bundles that ship."), (_, _, _) =>
        {
            var bundles = host
                    .Bundles.Names.Select(name => (Name: name, Folder: Path.Combine(host.Bundles.ModelsFolder!, name)))
                    .Select(item => new
                    {
                        item.Name,
                        item.Folder,
                        bytes = Size(item.Folder),
                    })
                    .ToList();
            return Task.FromResult(new VerbResult(new { models = host.Bundles.ModelsFolder, bundles }, console =>
            {
                if (bundles.Count == 0)
                    console.WriteLine(
                        $"No bundles found. Run from a clone of the repository, or set {BundleCatalog.EnvironmentVariable} "
                            + "to the folder that holds them."
                    );
                foreach (var bundle in bundles)
                    console.Profile.Out.Writer.WriteLine(
                        $"{bundle.Name,-12} {ByteSize.Megabytes(bundle.bytes),10}  {bundle.Folder}"
                    );
            }));
        });

    private static Command Inspect(VerbHost host)
    {
        var model = Model();
        var size = new Option<int>("--size")
        {
            Description = "The side in pixels for which attention grids are given.",
            DefaultValueFactory = _ => 512,
            HelpName = "PIXELS",
        }.Within(64, 4096);
        return host.Handle(
            new Command("inspect", "Show what a bundle is: layout, family, scheduler, files, attention modules.") { model, size },
            (parsed, _, _) =>
            {
                var inspection = BundleInspection.Inspect(Folder(host, parsed.GetRequiredValue(model)), parsed.GetValue(size));
                return Task.FromResult(new VerbResult(inspection, console => Show(console, inspection)));
            }
        );
    }

    private static void Show(IAnsiConsole console, BundleInspection inspection)
    {
        var writer = console.Profile.Out.Writer;
        writer.WriteLine($"folder     {inspection.Folder} ({ByteSize.Megabytes(Size(inspection.Folder))})");
        writer.WriteLine($"model      {inspection.Family}, {inspection.Layout} layout, {inspection.Precision}");
        writer.WriteLine(
            $"scheduler  {inspection.SchedulerClass}"
                + (inspection.Scheduler is null ? ", which FreeMask does not have: a run chooses another with generation.scheduler" : "")
        );
        foreach (var file in inspection.Files)
            writer.WriteLine($"{file.Part,-15} opset {file.Opset}: {string.Join(", ", file.Inputs)} -> {string.Join(", ", file.Outputs)}");
        if (inspection.Problem is { } problem) writer.WriteLine($"attention cannot be captured: {problem}");
        var table = new Table()
            .Border(TableBorder.Simple)
            .AddColumns("attention", "module", "heads", "form", $"grid at {inspection.PixelSize}", "captured");
        foreach (var module in inspection.Modules)
        {
            table.AddRow(
                module.Kind,
                Markup.Escape(module.Name),
                module.Heads?.ToString(CultureInfo.InvariantCulture) ?? "?",
                Markup.Escape(module.Form),
                $"{module.Width} x {module.Height}",
                module.Captured ? "[green]yes[/]" : $"[grey]{Markup.Escape(module.Obstacle ?? "no")}[/]"
            );
        }

        console.Write(table);
    }

    private static Command Verify(VerbHost host)
    {
        var model = Model();
        return host.Handle(
            new Command("verify", "Check a bundle's files against what was pulled, load every part, and check that they fit together.")
            {
                model,
            },
            async (parsed, _, stop) =>
            {
                var folder = Folder(host, parsed.GetRequiredValue(model));
                var pulled = PullLock.Read(folder);
                if (pulled is not null)
                    await pulled.VerifyAsync(folder, stop);
                using var bundle = DiffusionBundle.Load(folder);
                bundle.LoadUNet();
                return new VerbResult(
                    new
                    {
                        folder,
                        ok = true,
                        hashes = pulled?.Files.Count,
                        notes = bundle.Notes,
                    },
                    console =>
                    {
                        console.MarkupLine(
                            $"[green]ok[/] {Markup.Escape(folder)}: "
                                + $"{(pulled is null ? "" : $"{pulled.Files.Count} files are as pulled, ")}every part loads, and they "
                                + $"fit together"
                        );
                        foreach (var note in bundle.Notes)
                            console.Profile.Out.Writer.WriteLine(note);
                    }
                );
            }
        );
    }

    private static Argument<string> Model() =>
        new("model")
        {
            Description = "The name of a bundle that ships, or a folder in the layout of public ONNX exports.",
            HelpName = "MODEL",
        };

    private static string Folder(VerbHost host, string model) =>
        host.Bundles.Folder(model, Directory.GetCurrentDirectory())
        ?? throw new FreeMaskException(
            $"There is no model bundle '{model}': neither one that ships ({string.Join(", ", host.Bundles.Names)}) nor a folder with a "
                + $"{BundleCatalog.IndexFile}.{NameSuggester.Suggestion(model, host.Bundles.Names)}"
        );

    private static long Size(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
}
