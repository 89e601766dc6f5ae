using System.Collections.Immutable;
using System.Reflection;
using FreeMask.Diffusion.Attention;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.RunSpecs;
using FreeMask.Grains.Tests.Domain;
using FreeMask.Vision.Harmonization;
using FreeMask.Vision.Masking;
using FreeMask.Vision.Placement;
using FreeMask.Vision.Thesaurus;
using Xunit;

namespace FreeMask.Grains.Tests.RunSpecs;

public sealed class RunKeysTests
{
    // Properties that reading a run file computes, and that are not keys.
    private static readonly string[] Derived =
    [
        "source.images", "source.classes", "mask.affinityHash", "labelDefinition", "training.initFolder", "training.initHash",
        "composition.thesaurusHash", "composition.thesaurusCounts", "harmonization.modelFolder", "harmonization.modelHash",
        "composition.placementFolder", "composition.placementHash",
        "training.realHash", "evaluation.datasetHash", "evaluation.transferHash",
    ];

    public static TheoryData<string> Paths => new(RunKeys.All.Select(key => key.Path));

    [Fact]
    public void Every_property_of_a_specification_is_a_key_of_its_name()
    {
        static IEnumerable<string> Properties(Type type, string prefix) =>
            type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.CanWrite)
                .SelectMany(property =>
                    property.PropertyType.Name.EndsWith("Spec", StringComparison.Ordinal)
                        ? Properties(property.PropertyType, $"{prefix}{Camel(property.Name)}.")
                        : [prefix + Camel(property.Name)]
                );
        static string Camel(string name) => char.ToLowerInvariant(name[0]) + name[1..];

        Assert.Equal(
            Properties(typeof(RunSpec), "").Except(Derived).Order(StringComparer.Ordinal),
            RunKeys.All.Select(key => key.Path).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_key_sets_its_own_value_in_a_copy_and_nothing_else(string path)
    {
        var key = RunKeys.Of(path);
        object other = key.Type switch
        {
            RunKeyType.Flag => key.Get(Specs.Small) is not true,
            RunKeyType.Integer => 64,
            RunKeyType.Seed => 64ul,
            RunKeyType.Number => 0.125,
            RunKeyType.List => ImmutableArray.Create("other"),
            _ => "other",
        };
        var before = RunKeys.All.Select(row => row.Get(Specs.Small)).ToArray();

        var changed = key.With(Specs.Small, other);

        Assert.Equal(other, key.Get(changed));
        Assert.Equal(before, RunKeys.All.Select(row => row.Get(Specs.Small)));
        Assert.Equal(before, RunKeys.All.Select(row => row.Get(key.With(changed, key.Get(Specs.Small)))));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_key_is_described_and_its_default_is_accepted(string path)
    {
        var key = RunKeys.Of(path);

        Assert.EndsWith(".", key.Description, StringComparison.Ordinal);
        Assert.Matches(@"^\d+\.\d+$", key.Since);
        Assert.Empty(key.Check(Specs.Small));
        Assert.True(key.Range is null || key.Type is RunKeyType.Integer or RunKeyType.Number);
    }

    [Fact]
    public void Keys_of_a_section_stand_together_after_those_without()
    {
        var sections = RunKeys.All.Select(key => key.Section).ToArray();

        Assert.Equal(sections.Distinct().Count(), sections.Where((section, i) => i == 0 || sections[i - 1] != section).Count());
        Assert.Equal("", sections[0]);
        Assert.Equal(RunKeys.Sections.Keys.Order(StringComparer.Ordinal), sections.Distinct().Skip(1).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("generation.steps", 0, "0 is outside 1 to 1000")]
    [InlineData("generation.steps", 1001, "1001 is outside 1 to 1000")]
    [InlineData("generation.width", 130, "130 is not a multiple of 8; use 128")]
    [InlineData("keepRatio", 0.0, "0 is not in (0, 1]; 0.7 keeps the best 70 % of each class")]
    [InlineData("keepRatio", double.NaN, "NaN is not in (0, 1]; 0.7 keeps the best 70 % of each class")]
    [InlineData("mask.threshold", 1.0, "1 is not in (0, 1); leave it out to choose one for each image")]
    [InlineData("training.recipe", "large", "'large' is not known; use one of small, reference")]
    [InlineData("model", " ", "it is empty; name a model bundle, such as mini, or its folder")]
    public void A_value_that_is_refused_says_why_and_what_to_do(string path, object value, string message)
    {
        var key = RunKeys.Of(path);

        Assert.Equal(message, Assert.Single(key.Check(key.With(Specs.Small, value))).Message);
    }

    [Theory]
    [InlineData("keepRatio", 1.0)]
    [InlineData("generation.steps", 1)]
    [InlineData("generation.steps", 1000)]
    [InlineData("generation.width", null)]
    [InlineData("mask.ignoreBand", 0.5)]
    public void Bounds_belong_to_their_range(string path, object? value) =>
        Assert.Empty(RunKeys.Of(path).Check(RunKeys.Of(path).With(Specs.Small, value)));

    [Fact]
    public void The_attention_stage_knows_every_preset() =>
        Assert.All(RunKeys.Of("mask.preset").Words, word => Assert.Equal(word.Word, AttentionPreset.ByName(word.Word).Name));

    [Fact]
    public void Defaults_of_a_run_are_those_of_the_libraries_that_it_uses()
    {
        var (mask, options) = (new MaskSpec(), new MaskOptions());
        var (composition, thesaurus) = (new CompositionSpec(), ThesaurusOptions.Default);

        Assert.Equal(
            ((float)mask.MinArea, (float)mask.MaxArea, (float)mask.MinConfidence),
            (options.Rules.MinArea, options.Rules.MaxArea, options.Rules.MinConfidence)
        );
        Assert.Equal((float)mask.IgnoreBand, options.IgnoreBand);
        Assert.Equal((composition.MaxObjects, composition.ThesaurusThreshold), (ComposeOptions.Default.MaxObjects, thesaurus.Threshold));
        Assert.Equal(new HarmonizationSpec().Strength, HarmonizationOptions.Default.Strength);
    }
}
