using System.CommandLine;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Mini.Art;
using FreeMask.Training.Mini.Stages;

namespace FreeMask.Cli.Verbs;

/// <summary><c>freemask train mini-testset</c>: renders a test set of drawings that the mini bundle was not trained on.</summary>
internal static class MiniTestSetVerb
{
    // The drawings of the training's own styles that were held out of it.
    private const string OwnStyle = "heldout";

    internal static Command Create(VerbHost host)
    {
        var art = Arguments.Art();
        var style = new Option<string>("--style")
        {
            Description = $"The style: {string.Join(", ", ArtSelection.TestStyles.Keys)}, or {OwnStyle} for that of the bundle's own set.",
            Required = true,
            HelpName = "STYLE",
        };
        var output = new Option<string>("--out") { Description = "Where the data set is written.", Required = true, HelpName = "DIR" };
        var scenes = new Option<int>("--scenes")
        {
            Description = "Images with one object, and as many with one to three.",
            DefaultValueFactory = _ => 200,
            HelpName = "N",
        }.Within(1, 100_000);
        return host.Handle(
            new Command("mini-testset", "Render a labeled test set of drawings that the mini bundle was not trained on.")
            {
                art,
                style,
                output,
                scenes,
            },
            async (parsed, context, _) =>
            {
                var folder = Path.GetFullPath(parsed.GetRequiredValue(output));
                var (drawings, named) = (Path.GetFullPath(parsed.GetRequiredValue(art)), parsed.GetRequiredValue(style));
                var images = named == OwnStyle ? ArtCatalog.Load(drawings) : ArtCatalog.LoadTestStyle(drawings, named);
                context.WriteMessage($"{images.Sprites.Count(sprite => sprite.HeldOut)} drawings of style '{named}'.");
                await Task.Run(() => HeldOutSet.Write(images, folder, parsed.GetValue(scenes)), CancellationToken.None);
                return new VerbResult(
                    new { dataset = folder, images = 2 * parsed.GetValue(scenes) },
                    console => console.Profile.Out.Writer.WriteLine(folder)
                );
            }
        );
    }
}
