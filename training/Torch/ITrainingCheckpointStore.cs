using FreeMask.Tensors;

namespace FreeMask.Training.Torch;

/// <summary>Keeps the last checkpoint of one training.</summary>
internal interface ITrainingCheckpointStore
{
    /// <summary>The largest checkpoint that can be kept, in bytes.</summary>
    long Capacity { get; }

    /// <summary>The last checkpoint, or null where there is none.</summary>
    SafetensorsFile? Load();

    /// <summary>Replaces the checkpoint; it is durable when the call returns. Its tensors are those of the training, and change with the
    /// next step: they have to be written before the call returns.</summary>
    void Save(int step, SafetensorsFile checkpoint);
}
