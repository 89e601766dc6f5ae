using System.Globalization;
using FreeMask.Cli.Terminal;
using FreeMask.Training.Torch;

namespace FreeMask.Cli.Verbs;

/// <summary>Prints a line at each checkpoint of a training.</summary>
internal sealed class TrainingLines(CommandContext context, int every) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        if (value.Step % every == 0 || value.Step == value.Steps)
            context.WriteMessage(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"step {value.Step} of {value.Steps}, loss {value.Loss:0.000}, {value.Seconds:0} s"
                )
            );
    }
}
