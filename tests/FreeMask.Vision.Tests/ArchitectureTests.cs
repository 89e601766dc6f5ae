using FreeMask.Diffusion.Pipelines;
using FreeMask.Onnx;
using FreeMask.Tests.Shared;
using Xunit;

namespace FreeMask.Vision.Tests;

/// <summary>References between folders go one way (docs/decisions/0006-projects-of-the-method.md).</summary>
public sealed class ArchitectureTests
{
    [Fact]
    public void Folders_of_core_refer_downwards() =>
        NamespaceDependencies.AssertLayers(
            typeof(FreeMaskException).Assembly,
            "FreeMask",
            "FreeMask.Timing",
            "FreeMask.Randomness",
            "FreeMask.Files",
            "FreeMask.Json",
            "FreeMask.Tensors",
            "FreeMask.Imaging"
        );

    [Fact]
    public void Folders_of_onnx_refer_downwards() =>
        NamespaceDependencies.AssertLayers(typeof(OnnxSession).Assembly, "FreeMask.Onnx.Proto", "FreeMask.Onnx");

    [Fact]
    public void Folders_of_diffusion_refer_downwards() =>
        NamespaceDependencies.AssertLayers(
            typeof(DiffusionPipeline).Assembly,
            "FreeMask.Diffusion.Attention",
            "FreeMask.Diffusion.Schedulers",
            "FreeMask.Diffusion.Text",
            "FreeMask.Diffusion.Models",
            "FreeMask.Diffusion.Pipelines",
            "FreeMask.Diffusion.Inspection",
            "FreeMask.Diffusion.Conformance"
        );

    [Fact]
    public void Folders_of_vision_refer_downwards() =>
        NamespaceDependencies.AssertLayers(
            typeof(VocClasses).Assembly,
            "FreeMask.Vision",
            "FreeMask.Vision.Affinity",
            "FreeMask.Vision.Masking",
            "FreeMask.Vision.Thesaurus",
            "FreeMask.Vision.Placement",
            "FreeMask.Vision.Harmonization",
            "FreeMask.Vision.Segmentation",
            "FreeMask.Vision.Datasets",
            "FreeMask.Vision.Evaluation",
            "FreeMask.Vision.Export"
        );

    [Fact]
    public void A_reference_within_method_bodies_is_seen()
    {
        var dependencies = new NamespaceDependencies(typeof(ArchitectureTests).Assembly);

        Assert.Contains(
            dependencies.UpwardReferences([
                .. dependencies.Namespaces.Where(name => name != "FreeMask.Tests.Shared"),
                "FreeMask.Tests.Shared",
            ]),
            line => line == "FreeMask.Vision.Tests -> FreeMask.Tests.Shared: ArchitectureTests uses NamespaceDependencies"
        );
    }

    [Fact]
    public void No_type_of_vision_is_meant_for_other_programs() => PublicTypes.AssertOnly(typeof(LabelSet).Assembly);

    [Fact]
    public void Namespaces_that_refer_to_each_other_are_a_cycle()
    {
        // Cyclic.A.Head and Cyclic.B.Tail refer to each other.
        var cycle = Assert.Single(
            new NamespaceDependencies(
                typeof(ArchitectureTests).Assembly,
                name => name.Contains(".Cyclic", StringComparison.Ordinal)
            ).Cycles()
        );

        Assert.Contains(
            "FreeMask.Vision.Tests.Cyclic.A -> FreeMask.Vision.Tests.Cyclic.B: Head uses Tail",
            cycle,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "FreeMask.Vision.Tests.Cyclic.B -> FreeMask.Vision.Tests.Cyclic.A: Tail uses Head",
            cycle,
            StringComparison.Ordinal
        );
    }
}
