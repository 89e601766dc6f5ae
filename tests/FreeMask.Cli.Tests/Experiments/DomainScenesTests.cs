using FreeMask.Cli.Experiments;
using FreeMask.Imaging;
using Xunit;

namespace FreeMask.Cli.Tests.Experiments;

public sealed class DomainScenesTests
{
    [Fact]
    public void Every_class_of_every_domain_occurs_and_instances_are_of_one_class()
    {
        foreach (var domain in DomainScenes.All)
        {
            var scenes = Enumerable.Range(0, 40).Select(i => DomainScenes.Render(domain, 1, i, "test")).ToList();
            var seen = scenes.SelectMany(scene => scene.Image.Labels.Labels).Distinct().Order();
            Assert.Equal(Enumerable.Range(0, domain.Classes.Count + 1).Select(id => (byte)id), seen);
            foreach (var scene in scenes)
            {
                var (labels, instances) = (scene.Image.Labels.Labels, scene.Instances.Labels);
                Assert.All(
                    Enumerable.Range(0, labels.Length).GroupBy(i => instances[i]),
                    group => Assert.Single(group.Select(i => labels[i]).Distinct())
                );
                Assert.Equal(labels.Count(label => label == LabelMap.Background), instances.Count(number => number == 0));
            }
        }
    }

    [Fact]
    public void The_same_arguments_give_the_same_scene_and_others_another()
    {
        var domain = DomainScenes.All[0];
        var scene = DomainScenes.Render(domain, 3, 5, "train");
        Assert.Equal(scene.Image.Image.Pixels, DomainScenes.Render(domain, 3, 5, "train").Image.Image.Pixels);
        Assert.NotEqual(scene.Image.Image.Pixels, DomainScenes.Render(domain, 3, 6, "train").Image.Image.Pixels);
        Assert.NotEqual(scene.Image.Image.Pixels, DomainScenes.Render(domain, 3, 5, "test").Image.Image.Pixels);
        Assert.NotEqual(scene.Image.Image.Pixels, DomainScenes.Render(domain, 4, 5, "train").Image.Image.Pixels);
    }
}
