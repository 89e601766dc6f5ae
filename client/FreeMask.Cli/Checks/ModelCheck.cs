using FreeMask.Diffusion.Models;
using FreeMask.Diffusion.Schedulers;
using FreeMask.Diffusion.Text;
using FreeMask.GrainInterfaces;
using FreeMask.Onnx;

namespace FreeMask.Cli.Checks;

/// <summary>Whether the model bundle has every part that generating images needs, with its weights.</summary>
internal sealed class ModelCheck : IRunCheck
{
    private static readonly string[] Required = [DiffusionFolder.TextEncoder, DiffusionFolder.UNet, DiffusionFolder.VaeDecoder];

    public string Key => "model";

    public IEnumerable<RunFinding> Find(RunSpec spec, CheckedMachine machine)
    {
        if (spec.Source.IsFolder || machine.FolderOf(spec.Model) is not { } folder) yield break;
        string[] parts = [.. DiffusionFolder.Parts.Where(part => Required.Contains(part) || Directory.Exists(Path.Combine(folder, part)))];
        foreach (var part in parts)
            if (Problem(() => ModelFiles.RequireWeights(OnnxGraphReader.Read(DiffusionFolder.Graph(folder, part)))) is { } problem)
                yield return new(Key, problem);
        if (Problem(() => ClipTokenizer.Load(Path.Combine(folder, "tokenizer"))) is { } words) yield return new(Key, words);
        if (Problem(() => SchedulerFile.Load(DiffusionFolder.SchedulerConfig(folder))) is { } sampler) yield return new(Key, sampler);
    }

    private static string? Problem(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (Exception unusable) when (unusable is FreeMaskException or IOException or UnauthorizedAccessException)
        {
            return unusable.Message.TrimEnd('.');
        }
    }
}
