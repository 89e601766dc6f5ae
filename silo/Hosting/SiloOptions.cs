using System.ComponentModel.DataAnnotations;

namespace FreeMask.Silo.Hosting;

/// <summary>What a silo keeps and where. Section <c>FreeMask</c>.</summary>
public sealed class SiloOptions
{
    /// <summary>The folder of state and artifacts where nothing else is said: <c>freemask</c> under the user's local application data.</summary>
    public static string DefaultDataFolder { get; } =
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "freemask");

    /// <summary>The data folder.</summary>
    [Required]
    public string DataFolder { get; set; } = DefaultDataFolder;

    /// <summary>The artifact folder; null for <c>artifacts</c> in the data folder. Silos of one cluster share it.</summary>
    public string? Artifacts { get; set; }

    /// <summary>The folder of the model bundles that runs name, such as <c>mini</c>; null where runs give paths.</summary>
    public string? Models { get; set; }

    /// <summary>Whether runs that were at work when their silo died go on as soon as this one stands. Default true.</summary>
    public bool WakeRuns { get; set; } = true;

    /// <summary>Where artifacts are.</summary>
    internal string ArtifactFolder => Artifacts ?? Path.Combine(DataFolder, "artifacts");
}
