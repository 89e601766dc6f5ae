using System.Globalization;
using static TorchSharp.torch;

namespace FreeMask.Training.Torch;

/// <summary>Where a training computes: the processor, or a GPU with CUDA.</summary>
/// <param name="Gpu">The number of the GPU, from 0; null for the processor.</param>
internal readonly record struct TrainingDevice(int? Gpu)
{
    private const string Cpu = "cpu", Cuda = "cuda";

    /// <summary>The processor.</summary>
    public static TrainingDevice Processor => default;

    /// <summary>Whether it is the processor.</summary>
    public bool IsProcessor => Gpu is null;

    /// <summary>The kind of device: <c>cpu</c> or <c>cuda</c>.</summary>
    public string Kind => IsProcessor ? Cpu : Cuda;

    /// <summary>Why this process cannot train on it, with the remedy; null if it can.</summary>
    public string? Problem
    {
        get
        {
            if (LibTorch.Problem is { } problem) return problem;
            if (IsProcessor) return null;
            if (!LibTorch.HasCuda)
                return $"Training on '{this}' needs libtorch for CUDA, and this build has libtorch for the processor only: build with "
                    + "-p:TrainingAccelerator=cuda, or train on 'cpu'.";
            if (!cuda.is_available())
                return $"There is no GPU '{this}' for training: CUDA finds no GPU, or no driver for it. 'nvidia-smi' shows what is there.";
            var count = cuda.device_count();
            return Gpu < count ? null : $"There is no GPU '{this}' for training: CUDA finds {count}, numbered from 0.";
        }
    }

    /// <summary>Reads a name: <c>cpu</c>, <c>cuda</c> (the first GPU) or <c>cuda:1</c>.</summary>
    /// <exception cref="FreeMaskException">It is no such name.</exception>
    public static TrainingDevice Parse(string name)
    {
        if (name == Cpu) return Processor;
        if (name == Cuda) return new(0);
        return name.StartsWith(Cuda + ":", StringComparison.Ordinal)
            && byte.TryParse(name[(Cuda.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(number)
            : throw new FreeMaskException($"'{name}' is no device for training; there are cpu, cuda and cuda:1 (the number of a GPU).");
    }

    /// <summary>Why a name is no device, or this process cannot train on it, with the remedy; null if it can.</summary>
    public static string? ProblemOf(string name)
    {
        try
        {
            return Parse(name).Problem;
        }
        catch (FreeMaskException unknown)
        {
            return unknown.Message;
        }
    }

    /// <summary>Its name, such as <c>cuda:0</c>.</summary>
    public override string ToString() => IsProcessor ? Cpu : string.Create(CultureInfo.InvariantCulture, $"{Cuda}:{Gpu}");

    /// <summary>The device of tensors.</summary>
    /// <exception cref="FreeMaskException">It is not there.</exception>
    internal Device Open() => Problem is { } problem ? throw new FreeMaskException(problem) : new Device(ToString());
}
