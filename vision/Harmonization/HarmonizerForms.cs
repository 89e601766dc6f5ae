using FreeMask.Files;
using FreeMask.Onnx;

namespace FreeMask.Vision.Harmonization;

/// <summary>Recognizes what a model takes and gives.</summary>
internal static class HarmonizerForms
{
    /// <summary>The form of a model.</summary>
    /// <exception cref="FreeMaskException">It has none of the known ones.</exception>
    internal static IHarmonizerForm Of(OnnxSession session, HarmonizerConfig? config)
    {
        if (config is not null && config.Form is not (StatisticsForm.Word or RainNetForm.Word))
            throw new FreeMaskException(
                $"{session.Path} has the form '{config.Form}', says its config.json; this version knows '{StatisticsForm.Word}' and "
                    + $"'{RainNetForm.Word}'."
            );
        if (config is { Form: StatisticsForm.Word })
            return session.FindInput(StatisticsForm.Input) is not null && session.Outputs.Any(o => o.Name == StatisticsForm.Output)
                ? new StatisticsForm(config.Caution ?? 1)
                : throw new FreeMaskException(
                    $"{session.Path} has no input '{StatisticsForm.Input}' and output '{StatisticsForm.Output}' as its "
                        + "config.json promises."
                );
        return PublicForms.Of(session)
            ?? throw new FreeMaskException(
                $"{session.Path} takes {string.Join("; ", session.Inputs)}. A harmonizer "
                    + (config is null ? $"without {ModelFileNames.Config}" : $"of the form '{config.Form}'")
                    + " takes an image and a mask (RainNet), or both in low and in full resolution (PCT-Net); see docs/method.md."
            );
    }
}
