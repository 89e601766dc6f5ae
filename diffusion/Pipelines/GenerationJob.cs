using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Diffusion.Text;

namespace FreeMask.Diffusion.Pipelines;

/// <summary>What the images of one batch must share.</summary>
internal sealed record BatchShape(SchedulerConfig Scheduler, int Steps, bool Guided, int LatentWidth, int LatentHeight);

/// <summary>A checked request.</summary>
internal sealed record GenerationJob(
    int Position,
    GenerationRequest Request,
    BatchShape Shape,
    float Guidance,
    TextEmbedding Prompt,
    TextEmbedding Negative,
    IReadOnlyList<string> Warnings
)
{
    private const int UsualSteps = 25, LcmSteps = 4;
    private const float UsualGuidance = 7.5f;

    internal static GenerationJob Make(DiffusionBundle bundle, GenerationRequest request, int position)
    {
        var (width, height) = (
            request.Width ?? bundle.FixedWidth ?? bundle.NativeSize,
            request.Height ?? bundle.FixedHeight ?? bundle.NativeSize
        );
        if (width != (bundle.FixedWidth ?? width) || height != (bundle.FixedHeight ?? height))
            throw new FreeMaskException(
                $"{bundle.UNet.Path} cannot draw {width} x {height} pixels: this export is fixed to {bundle.FixedWidth ?? width} x "
                    + $"{bundle.FixedHeight ?? height}."
            );
        if (width <= 0 || height <= 0 || width % bundle.SideMultiple != 0 || height % bundle.SideMultiple != 0)
            throw new FreeMaskException(
                $"{bundle.UNet.Path} cannot draw {width} x {height} pixels: both sides must be multiples of {bundle.SideMultiple}."
            );
        var guidance = request.Guidance ?? UsualGuidance;
        var steps = request.Steps ?? (bundle.EmbedsGuidance ? LcmSteps : UsualSteps);
        var shape = new BatchShape(
            request.Scheduler ?? bundle.Sampler(),
            steps,
            guidance > 1 && !bundle.EmbedsGuidance,
            width / bundle.PixelsPerCell,
            height / bundle.PixelsPerCell
        );
        var warnings = new List<string>();
        var prompt = bundle.Text.Encode(request.Prompt);
        Warn(prompt, "prompt", warnings);
        var negative = bundle.Text.Encode(request.NegativePrompt ?? "");
        if (shape.Guided && request.NegativePrompt is not null) Warn(negative, "negative prompt", warnings);
        if (request.NegativePrompt is null && bundle.ZeroesForNoNegative) negative = negative.Zeroed();
        foreach (var name in request.Classes) RequireClass(prompt, name, request.Prompt);
        var sized = request with { Width = width, Height = height };
        return new(position, sized, shape, guidance, prompt, negative, warnings);
    }

    private static void RequireClass(TextEmbedding prompt, string name, string text)
    {
        if (prompt.Tokens.PositionsOf(name).Count > 0) return;
        throw new FreeMaskException(
            prompt.Tokens.Contains(name)
                ? $"The class \"{name}\" lies in the part of the prompt that was cut off (\"{prompt.Tokens.CutText}\"); shorten the "
                    + $"prompt \"{text}\"."
                : $"The class \"{name}\" does not occur in the prompt \"{text}\"; attention is captured for words of the prompt."
        );
    }

    private static void Warn(TextEmbedding embedding, string what, List<string> warnings)
    {
        if (embedding.Tokens.CutText.Length > 0)
            warnings.Add($"The {what} is longer than {embedding.Tokens.Ids.Count} tokens; cut off: \"{embedding.Tokens.CutText}\".");
    }
}
