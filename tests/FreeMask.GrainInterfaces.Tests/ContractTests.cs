using System.Reflection;
using Xunit;

namespace FreeMask.GrainInterfaces.Tests;

public sealed class ContractTests
{
    private static IEnumerable<Type> Serialized =>
        typeof(RunSpec).Assembly.GetExportedTypes().Where(t => t.GetCustomAttribute<GenerateSerializerAttribute>() is not null);

    [Fact]
    public void Everything_that_is_kept_or_sent_has_a_name_of_its_own()
    {
        var names = Serialized.Select(t => (Type: t.FullName, t.GetCustomAttribute<AliasAttribute>()?.Alias)).ToArray();
        Assert.NotEmpty(names);
        Assert.All(names, n => Assert.StartsWith("freemask.", n.Alias, StringComparison.Ordinal));
        Assert.Equal(names.Length, names.Select(n => n.Alias).Distinct().Count());
    }

    [Fact]
    public void Ids_of_members_are_explicit_and_unique()
    {
        foreach (var type in Serialized.Where(t => !t.IsEnum))
        {
            var ids = type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Where(p => p.CanWrite).Select(p => p.GetCustomAttribute<IdAttribute>()?.Id).ToArray();
            Assert.All(ids, id => Assert.True(id.HasValue, $"{type.Name} has a member without an id"));
            Assert.Equal(ids.Length, ids.Distinct().Count());
        }
    }

    [Fact]
    public void A_record_finds_its_artifacts_by_name()
    {
        var record = new SampleRecord
        {
            Round = 0,
            Index = 0,
            Plan = new SamplePlan(0, "cat", 8, "", "a photo of a cat", "", 1),
            Artifacts = [new ArtifactReference(ArtifactNames.Image, "aa", "cpu")],
        };
        Assert.Equal("aa", record.Artifact(ArtifactNames.Image));
        Assert.Null(record.Artifact(ArtifactNames.Label));
    }
}
