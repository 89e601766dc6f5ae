using FreeMask.Tensors;
using FreeMask.Training.Torch;

namespace FreeMask.Cli.Verbs;

/// <summary>The checkpoint of a training that a verb runs, written atomically.</summary>
internal sealed class CheckpointFile(string path) : ITrainingCheckpointStore
{
    /// <summary>The checkpoint in the folder of what is trained.</summary>
    internal static CheckpointFile In(string folder) => new(Path.Combine(folder, "checkpoint.safetensors"));

    internal bool Exists => File.Exists(path);

    public long Capacity => long.MaxValue;

    public SafetensorsFile? Load() => Exists ? SafetensorsFile.Load(path) : null;

    public void Save(int step, SafetensorsFile checkpoint)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        checkpoint.Save(path);
    }

    internal void Remove() => File.Delete(path);
}
