using FreeMask.Training.Mini.Art;
using Xunit;

namespace FreeMask.Training.Tests.Mini;

/// <summary>
/// The art for tests: the fetched packages where they are, else only the project's own drawings' classes cannot be rendered and the test is
/// skipped with that reason.
/// </summary>
internal static class MiniArt
{
    private static readonly Lazy<ArtCatalog?> Loaded = new(() => Directory is { } directory ? ArtCatalog.Load(directory) : null);

    internal static string? Directory
    {
        get
        {
            var named = Environment.GetEnvironmentVariable("FREEMASK_ART");
            if (named is not null) return named;
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                var art = Path.Combine(folder.FullName, "art", "noto", "icons.json");
                if (File.Exists(art)) return Path.Combine(folder.FullName, "art");
            }

            return null;
        }
    }

    internal static ArtCatalog Require()
    {
        if (Loaded.Value is null) Assert.Skip("The training art is absent; infra/art/fetch.sh fetches it.");
        return Loaded.Value!;
    }
}
