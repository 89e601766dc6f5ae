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
                $"owner/name, with @revision for a branch, tag or commit; or one of {string.Join(", ", HubReference.WellKnown.Keys)}.",
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
        return host.Handle(
            new Command(
                "pull",
                $"Download an ONNX export from a hub; the same command continues. ${HubClient.EndpointVariable} names a mirror, "
                    + $"${HubClient.TokenVariable} holds a token."
            )
            {
                repository,
                variant,
                output,
            },
            async (parsed, context, stop) =>
            {
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
                    stop
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
}
