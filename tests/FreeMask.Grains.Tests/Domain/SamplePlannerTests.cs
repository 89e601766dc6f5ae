using CsCheck;
using FreeMask.GrainInterfaces;
using FreeMask.Grains.Domain;
using FreeMask.Grains.RunSpecs;
using Xunit;

namespace FreeMask.Grains.Tests.Domain;

public sealed class SamplePlannerTests
{
    [Fact]
    public void A_plan_depends_on_seed_round_and_index_alone()
    {
        Assert.Equal(SamplePlanner.Plan(Specs.Small, 1, 4), SamplePlanner.Plan(Specs.Small with { Name = "other" }, 1, 4));
        var plans = Enumerable
            .Range(0, 2)
            .SelectMany(r => Enumerable.Range(0, 30).Select(i => SamplePlanner.Plan(Specs.Small, r, i)))
            .ToList();
        Assert.Equal(60, plans.Select(p => p.Stream).Distinct().Count());
        Assert.True(plans.Select(p => p.Prompt).Distinct().Count() > 6);
        Assert.NotEqual(
            Enumerable.Range(0, 30).Select(i => SamplePlanner.Plan(Specs.Small, 0, i).Prompt),
            Enumerable.Range(0, 30).Select(i => SamplePlanner.Plan(Specs.Small with { Seed = 8 }, 0, i).Prompt));
    }

    [Fact]
    public void Classes_get_equal_shares_and_folds_have_every_class()
    {
        var classes = Enumerable
            .Range(0, 30)
            .Select(i => (Class: SamplePlanner.ClassOf(Specs.Small, 0, i), Fold: SamplePlanner.FoldOf(Specs.Small, i)))
            .ToList();
        foreach (var members in classes.GroupBy(c => c.Class))
        {
            Assert.Equal(10, members.Count());
            Assert.Equal([5, 5], members.GroupBy(m => m.Fold).Select(f => f.Count()));
        }
    }

    [Fact]
    public void Prompts_name_the_class_in_words_with_its_article()
    {
        var spec = Specs.Small with
        {
            Generation = new GenerationSpec { Prompts = ["{a class} in {background}"] },
            Backgrounds = ["the grass"],
        };
        Assert.Equal("a cat in the grass", SamplePlanner.Plan(spec, 0, 0).Prompt);
        Assert.Equal("an aeroplane in the grass", SamplePlanner.Plan(spec, 0, 1).Prompt);
        Assert.Equal("a tv monitor in the grass", SamplePlanner.Plan(spec, 0, 2).Prompt);
        Assert.Equal(20, SamplePlanner.Plan(spec, 0, 2).ClassIndex);
    }

    [Fact]
    public void Without_backgrounds_only_templates_without_them_are_used()
    {
        var spec = Specs.Small with { Backgrounds = [] };
        for (var i = 0; i < 30; i++)
        {
            var plan = SamplePlanner.Plan(spec, 0, i);
            Assert.Equal("", plan.Background);
            Assert.DoesNotContain("{", plan.Prompt, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Objects_are_drawn_in_backgrounds_that_suit_them()
    {
        var spec = Specs.Small with
        {
            Classes = ["aeroplane", "boat", "tvmonitor"],
            Backgrounds = ["in the sky", "on the water", "in the room", "on xyzzy"],
            Generation = new GenerationSpec { Prompts = ["{a class} {background}"] },
        };
        var drawn = Enumerable
            .Range(0, 300)
            .Select(i => SamplePlanner.Plan(spec, 0, i))
            .ToLookup(plan => plan.Class, plan => plan.Background);
        // Captions name aeroplanes above and on water.
        Assert.Equal(["in the sky", "on the water", "on xyzzy"], drawn["aeroplane"].Distinct().Order());
        Assert.Equal(["on the water", "on xyzzy"], drawn["boat"].Distinct().Order());
        Assert.Equal(["in the room", "on xyzzy"], drawn["tvmonitor"].Distinct().Order());
    }

    [Fact]
    public void A_class_that_suits_no_background_is_drawn_in_all_of_them()
    {
        var spec = Specs.Small with
        {
            Classes = ["boat"],
            Backgrounds = ["in the room", "in the forest"],
            Generation = new GenerationSpec { Prompts = ["{a class} {background}"] },
        };
        Assert.Equal(2, Enumerable.Range(0, 50).Select(i => SamplePlanner.Plan(spec, 0, i).Background).Distinct().Count());
    }

    [Fact]
    public void Images_of_a_folder_come_in_their_order_and_folds_have_every_class()
    {
        var spec = Specs.Small with
        {
            Classes = ["cat", "dog"],
            SamplesPerRound = 4,
            Rounds = 2,
            Source = new SourceSpec
            {
                Kind = "folder",
                Path = "/pictures",
                Images = ["a", "b", "c", "d", "e", "f", "g", "h"],
                Classes = [8, 12, 8, 12, 12, 12, 8, 8],
            },
        };
        Assert.Empty(RunSpecValidator.Validate(spec));
        Assert.Equal(["a", "b", "c", "d"], Enumerable.Range(0, 4).Select(i => SamplePlanner.Plan(spec, 0, i).Source));
        Assert.Equal(["e", "f", "g", "h"], Enumerable.Range(0, 4).Select(i => SamplePlanner.Plan(spec, 1, i).Source));
        Assert.Equal(["dog", "dog", "cat", "cat"], Enumerable.Range(0, 4).Select(i => SamplePlanner.ClassOf(spec, 1, i)));
        Assert.Equal([0, 0, 1, 1], Enumerable.Range(0, 4).Select(i => SamplePlanner.FoldOf(spec, i)));
        var decision = Selection.Decide(spec, 1, [5, 6, 7, 8], [1, 1, 1, 1]);
        Assert.Equal(["cat", "dog"], decision.Thresholds.Select(threshold => threshold.Class));
        Assert.All(decision.Thresholds, threshold => Assert.Equal(2, threshold.Scored));
    }

    [Theory]
    [InlineData(2, new byte[] { 8, 12 })]
    [InlineData(2, new byte[] { 8, 12, 15, 1, 20 })]
    [InlineData(5, new byte[] { 8, 12, 12, 15, 15, 15, 1, 1, 1, 1, 1, 1, 3 })]
    [InlineData(3, new byte[] { 8, 8, 12, 12, 15 })]
    public void The_training_set_of_a_fold_is_never_empty_and_lacks_only_classes_of_one_image(int folds, byte[] classes)
    {
        var spec = Specs.Small with
        {
            Classes = [.. Vision.VocClasses.Names.Skip(1)],
            Rounds = 1,
            SamplesPerRound = classes.Length,
            Scoring = new ScoringSpec { Folds = folds },
            Source = new SourceSpec
            {
                Kind = "folder",
                Path = "/pictures",
                Images = [.. classes.Select((_, i) => $"{i}")],
                Classes = [.. classes],
            },
        };
        var dealt = classes.Select((c, i) => (Class: c, Fold: SamplePlanner.FoldOf(spec, i))).ToList();
        Assert.All(dealt, sample => Assert.InRange(sample.Fold, 0, folds - 1));
        for (var fold = 0; fold < folds; fold++)
        {
            var learnt = dealt.Where(sample => sample.Fold != fold).ToList();
            Assert.NotEmpty(learnt);
            foreach (var members in dealt.GroupBy(sample => sample.Class).Where(g => g.Count() > 1))
                Assert.Contains(learnt, sample => sample.Class == members.Key);
        }

        // Folds of classes with as many samples as there are folds start at the first fold.
        foreach (var members in dealt.GroupBy(sample => sample.Class).Where(g => g.Count() >= folds))
            Assert.Equal(Enumerable.Range(0, members.Count()).Select(i => i % folds), members.Select(m => m.Fold));
    }

    [Fact]
    public void A_round_has_as_many_samples_as_before_and_the_share_of_its_drawings_twice() =>
        Gen.Select(Gen.Int[1, 3000], Gen.Int[0, 100]).Sample((samples, percent) =>
        {
            var spec = Both(Specs.Small with { SamplesPerRound = samples }, percent / 100.0);
            var (drawings, second) = (SamplePlanner.DrawingsPerRound(spec), SamplePlanner.SecondUsesPerRound(spec));
            Assert.Equal(samples, drawings + second);
            // The largest number of second uses that is at most the share of the drawings.
            Assert.True(100 * second <= percent * drawings, $"{second} of {drawings}");
            Assert.True(100 * (second + 1) > percent * (drawings - 1), $"{second} of {drawings}");
            Assert.Equal(
                Enumerable.Range(0, second),
                Enumerable.Range(0, samples).Select(i => SamplePlanner.DrawingOf(spec, i)).OfType<int>());
            foreach (var i in Enumerable.Range(0, second))
                Assert.Equal(i, SamplePlanner.DrawingOf(spec, SamplePlanner.SecondUseOf(spec, i)!.Value));
            Assert.Null(SamplePlanner.SecondUseOf(spec, second));
            Assert.InRange(SamplePlanner.SamplesOf(drawings, percent / 100.0), samples, samples + 1);
        });

    [Theory]
    [InlineData(12, 0.5, 4)]
    [InlineData(11, 0.1, 1)]
    [InlineData(13, 0.3, 3)]
    [InlineData(7, 1, 3)]
    [InlineData(40, 0, 0)]
    public void Shares_that_fit_are_not_rounded_down(int samples, double share, int expected) =>
        Assert.Equal(expected, SamplePlanner.SecondUsesPerRound(Both(Specs.Small with { SamplesPerRound = samples }, share)));

    [Fact]
    public void A_second_use_has_the_plan_class_and_fold_of_its_drawing_and_alone_takes_objects() =>
        Gen.Select(Gen.Int[3, 60], Gen.Int[1, 100], Gen.Int[0, 2], Gen.ULong).Sample((samples, percent, round, seed) =>
        {
            var spec = Both(Specs.Small with { SamplesPerRound = samples, Seed = seed }, percent / 100.0);
            var once = Both(spec, 0);
            for (var i = 0; i < samples; i++)
            {
                if (SamplePlanner.DrawingOf(spec, i) is not { } drawing)
                {
                    // What a drawing shows does not depend on who uses it again.
                    Assert.Equal(SamplePlanner.Plan(once, round, i), SamplePlanner.Plan(spec, round, i));
                    Assert.Equal(SamplePlanner.FoldOf(once, i), SamplePlanner.FoldOf(spec, i));
                    Assert.Equal(
                        SamplePlanner.SecondUseOf(spec, i) is null && SamplePlanner.TakesObjects(once, round, i, 1),
                        SamplePlanner.TakesObjects(spec, round, i, 1));
                    continue;
                }

                Assert.Equal(SamplePlanner.Plan(spec, round, drawing) with { Drawing = drawing }, SamplePlanner.Plan(spec, round, i));
                Assert.Equal(SamplePlanner.ClassOf(spec, round, drawing), SamplePlanner.ClassOf(spec, round, i));
                Assert.Equal(SamplePlanner.FoldOf(spec, drawing), SamplePlanner.FoldOf(spec, i));
                Assert.True(SamplePlanner.TakesObjects(spec, round, i, 2));
                Assert.False(SamplePlanner.TakesObjects(spec, round, drawing, 2));
            }
        });

    [Fact]
    public void Drawings_of_a_folder_are_its_images_one_after_another()
    {
        var spec = Specs.Small with
        {
            Classes = ["cat", "dog"],
            SamplesPerRound = 6,
            Rounds = 2,
            Composition = new CompositionSpec { BothShare = 0.5 },
            Source = new SourceSpec
            {
                Kind = "folder",
                Path = "/pictures",
                Images = ["a", "b", "c", "d", "e", "f", "g", "h"],
                Classes = [8, 12, 8, 12, 12, 12, 8, 8],
            },
        };
        Assert.Empty(RunSpecValidator.Validate(spec));
        Assert.Equal(["e", "f", "g", "h", "e", "f"], Enumerable.Range(0, 6).Select(i => SamplePlanner.Plan(spec, 1, i).Source));
        Assert.Equal(
            ["dog", "dog", "cat", "cat", "dog", "dog"],
            Enumerable.Range(0, 6).Select(i => SamplePlanner.ClassOf(spec, 1, i)));
        Assert.Equal([0, 0, 1, 1, 0, 0], Enumerable.Range(0, 6).Select(i => SamplePlanner.FoldOf(spec, i)));
        var problem = Assert.Single(RunSpecValidator.Validate(spec with { SamplesPerRound = 8 }));
        Assert.Equal("samplesPerRound", problem.Path);
        Assert.Contains("6 images (8 samples", problem.Message, StringComparison.Ordinal);
        Assert.EndsWith("use at most 6", problem.Message, StringComparison.Ordinal);
    }

    private static RunSpec Both(RunSpec spec, double share) => spec with { Composition = spec.Composition with { BothShare = share } };

    [Theory]
    [InlineData("a photo of {class}s")]
    [InlineData("many {class}2")]
    [InlineData("a sub{class}")]
    [InlineData("{a class}like")]
    public void Letters_that_join_the_class_are_refused(string template)
    {
        var problem = Assert.Single(
            RunSpecValidator.Validate(
                Specs.Small with
                {
                    Backgrounds = [],
                    Generation = new GenerationSpec { Prompts = [template] },
                }
            )
        );
        Assert.Equal("generation.prompts[0]", problem.Path);
        Assert.Contains("letters or digits", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a {class}'s head, {a class}.")]
    [InlineData("({class})")]
    [InlineData("photo-{class}")]
    public void Signs_beside_the_class_are_no_letters(string template) =>
        Assert.Empty(
            RunSpecValidator.Validate(
                Specs.Small with
                {
                    Backgrounds = [],
                    Generation = new GenerationSpec { Prompts = [template] },
                }
            )
        );

    [Fact]
    public void A_folder_with_fewer_images_than_samples_is_refused()
    {
        var spec = Specs.Small with { Source = new SourceSpec { Kind = "folder", Path = "/pictures", Images = ["a"], Classes = [8] } };
        Assert.Contains(
            RunSpecValidator.Validate(spec),
            problem => problem.Path == "samplesPerRound" && problem.Message.Contains("1 images", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("grass", "a cat in grass")]
    [InlineData("a meadow", "a cat in a meadow")]
    [InlineData("inner city", "a cat in inner city")]
    [InlineData("on the road", "a cat on the road")]
    [InlineData("In the snow", "a cat In the snow")]
    [InlineData("next to a tree", "a cat next to a tree")]
    public void A_background_gets_its_preposition_only_where_it_brings_none(string background, string expected)
    {
        Assert.Equal(expected, PromptTemplate.Fill("{a class} {in background}", "cat", background));
        Assert.True(PromptTemplate.NamesBackground("{a class} {in background}"));
        Assert.Null(PromptTemplate.UnknownPlaceholder("{a class} {in background}"));
    }

    [Theory]
    [InlineData("on the grass", "a photo of a cat on the grass")]
    [InlineData("grass", "a photo of a cat in grass")]
    public void The_default_prompts_fit_backgrounds_of_both_forms(string background, string expected)
    {
        var spec = new RunSpec { Name = "a", Classes = ["cat"], Backgrounds = [background] };
        var prompts = Enumerable
            .Range(0, 40)
            .Select(index => SamplePlanner.Plan(spec, 0, index).Prompt)
            .Distinct()
            .Order(StringComparer.Ordinal);
        Assert.Equal(["a photo of a cat", expected], prompts);
    }
}
