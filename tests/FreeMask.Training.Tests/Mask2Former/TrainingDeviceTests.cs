using FreeMask.Tensors;
using FreeMask.Training.Mask2Former;
using FreeMask.Training.Tests.Torch;
using FreeMask.Training.Torch;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace FreeMask.Training.Tests.Mask2Former;

/// <summary>Where a training computes, and in which precision. Alone, because one test changes what the whole process does.</summary>
[Collection("default device")]
public sealed class TrainingDeviceTests
{
    private const int Side = 64;

    private static readonly SegmenterTrainingRequest Request = new()
    {
        Labels = Shapes.Labels,
        Seed = 5,
        Steps = 40,
        Config = Shapes.Tiny,
        BatchSize = 4,
        Size = Side,
        Threads = 1,
    };

    /// <summary>
    /// What is made without naming a device is on the default one. Here that is PyTorch's "meta", whose tensors have no elements and do
    /// not mix with others, so that a tensor that the training does not put on its own device ends it.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_tensor_of_a_training_is_on_its_device(bool swin)
    {
        var samples = Shapes.Make(4, Side, seed: 1);
        var request = Request with { Config = swin ? Shapes.TinySwin : Shapes.Tiny, Steps = 2 };
        var expected = SegmenterTrainer.Train(request, samples);
        set_default_device(new Device(DeviceType.META));
        try
        {
            Assert.Equal(DeviceType.META, zeros(1).device_type);
            var trained = SegmenterTrainer.Train(request, samples);
            Assert.True(expected.Weights.AsSpan().SequenceEqual(trained.Weights));
            Assert.True(expected.Onnx.AsSpan().SequenceEqual(trained.Onnx));
        }
        finally
        {
            set_default_device(CPU);
        }
    }

    [Fact]
    public void A_model_is_copied_from_another_device_element_by_element()
    {
        using var scope = NewDisposeScope();
        var (from, to) = (Make(Shapes.Tiny, CPU, seed: 3), Make(Shapes.Tiny, CPU, seed: 4));
        ModuleState.Average(to, from, share: 1);
        Assert.All(
            ModuleState.Export(from).Zip(ModuleState.Export(to)),
            pair => Assert.True(pair.First.Bytes.Span.SequenceEqual(pair.Second.Bytes.Span), pair.First.Name));
    }

    [Fact]
    public void Products_in_bfloat16_learn_as_those_of_32_bits_and_keep_weights_of_32_bits()
    {
        var samples = Shapes.Make(8, Side, seed: 1);
        var half = Request with { Precision = TrainingPrecision.BFloat16 };
        var (single, mixed) = (Losses(Request), Losses(half));
        Assert.Equal(mixed.Losses, Losses(half).Losses);
        Assert.NotEqual(single.Losses, mixed.Losses);
        // The first step has equal weights: eight bits of mantissa leave two digits.
        Assert.InRange(mixed.Losses[0] / single.Losses[0], 0.98, 1.02);
        var (first, last) = (mixed.Losses.Take(10).Average(), mixed.Losses.TakeLast(10).Average());
        Assert.True(last < 0.95 * first, $"The loss went from {first} to {last}.");
        Assert.InRange(last / single.Losses.TakeLast(10).Average(), 0.9, 1.1);
        // Weights of 32 bits: their lower halves are not all zero, as those of bfloat16 would be.
        var tensors = SafetensorsFile.Parse(mixed.Result.Weights, "").Tensors;
        var weights = tensors.Where(t => t.DataType == "F32").SelectMany(t => t.ToSingles());
        Assert.Contains(weights, value => (BitConverter.SingleToUInt32Bits(value) & 0xffff) != 0);

        (List<double> Losses, SegmenterTrainingResult Result) Losses(SegmenterTrainingRequest request)
        {
            var losses = new List<double>();
            var result = SegmenterTrainer.Train(request, samples, null, new ProgressCallback(step => losses.Add(step.Loss)));
            return (losses, result);
        }
    }

    [Fact]
    public void A_checkpoint_of_another_precision_is_refused()
    {
        var samples = Shapes.Make(4, Side, seed: 1);
        var request = Request with { Steps = 2, CheckpointEvery = 1 };
        var store = new MemoryCheckpoints();
        SegmenterTrainer.Train(request, samples, store);
        var other = request with { Precision = TrainingPrecision.BFloat16 };
        Assert.Contains(
            "other settings",
            Assert.Throws<FreeMaskException>(() => SegmenterTrainer.Train(other, samples, store)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("cpu", "cpu")]
    [InlineData("cuda", "cuda:0")]
    [InlineData("cuda:3", "cuda:3")]
    public void Devices_have_names(string name, string told) => Assert.Equal(told, TrainingDevice.Parse(name).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:x")]
    public void What_is_no_device_is_refused(string name) =>
        Assert.Contains("cpu, cuda", Assert.Throws<FreeMaskException>(() => TrainingDevice.Parse(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Precisions_have_names()
    {
        Assert.All(Enum.GetValues<TrainingPrecision>(), precision => Assert.Equal(precision, MixedPrecision.Parse(precision.Name())));
        var unknown = Assert.Throws<FreeMaskException>(() => MixedPrecision.Parse("fp16"));
        Assert.Contains("fp32 and bf16", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_tells_what_it_took()
    {
        var cost = SegmenterTrainer.Train(Request with { Steps = 2 }, Shapes.Make(4, Side, seed: 1)).Cost;
        Assert.True(cost is { ImagesPerSecond: > 0, PeakMemory: > 0 }, $"{cost}");
        Assert.Matches(@"^\d+\.\d images/s, peak memory \d+ MiB$", $"{cost}");
    }

    [Fact]
    public void A_device_that_is_not_there_gives_one_message_with_the_remedy()
    {
        var request = Request with { Device = TrainingDevice.Parse("cuda:99") };
        var message = Assert.Throws<FreeMaskException>(() => SegmenterTrainer.Train(request, Shapes.Make(1, Side, seed: 1))).Message;
        Assert.Contains("cuda:99", message, StringComparison.Ordinal);
        Assert.Contains(LibTorch.HasCuda ? "CUDA finds" : "-p:TrainingAccelerator=cuda", message, StringComparison.Ordinal);
    }

    private static Mask2FormerModel Make(Mask2FormerConfig config, Device device, ulong seed = 1)
    {
        using var on = new DeviceScope(device);
        return new Mask2FormerModel(config, seed);
    }
}

/// <summary>Tests that change the default device of the process.</summary>
[CollectionDefinition("default device", DisableParallelization = true)]
public sealed class DefaultDeviceCollection;
