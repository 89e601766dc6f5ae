using System.ComponentModel.DataAnnotations;
using FreeMask.Grains;

namespace FreeMask.Hosting.Configuration;

/// <summary>Role and folders of a silo. Section <c>FreeMask</c>.</summary>
internal sealed class FreeMaskOptions : IValidatableObject
{
    /// <summary>The default data folder: <c>freemask</c> in the user's local application data.</summary>
    public static string DefaultDataFolder { get; } =
        Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
            "freemask"
        );

    /// <summary>The folder of state and artifacts.</summary>
    [Required]
    public string DataFolder { get; set; } = DefaultDataFolder;

    /// <summary>
    /// The roles of this silo with commas between them: <c>coordinator</c> and <c>worker</c> (the default), and <c>trainer</c>, which lets
    /// run files name programs that train on it.
    /// </summary>
    [Required]
    public string Roles { get; set; } = "coordinator,worker";

    /// <summary>The folder of the model bundles that runs name, such as <c>mini</c>; null if runs give paths.</summary>
    public string? Models { get; set; }

    /// <summary>Whether the silo creates its tables in PostgreSQL at start. Default false.</summary>
    public bool PreparePostgreSql { get; set; }

    /// <summary>Whether interrupted runs continue as soon as another silo is active. Default true.</summary>
    [FormerName("WakeRuns")]
    public bool ResumeRuns { get; set; } = true;

    /// <summary>
    /// Whether the silo collects what Orleans' own dashboard shows, which the FreeMask dashboard serves under <c>/orleans</c>. Default
    /// false.
    /// </summary>
    public bool OrleansDashboard { get; set; }

    /// <summary>The roles.</summary>
    internal SiloRoles ParsedRoles => Parse(Roles) ?? SiloRoles.All;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Parse(Roles) is null)
            yield return new ValidationResult(
                "names the roles of a silo: 'coordinator', 'worker' and 'trainer', with commas between them",
                [nameof(Roles)]
            );
        if (Models is not null && ParsedRoles.HasFlag(SiloRoles.Worker) && !Directory.Exists(Models))
            yield return new ValidationResult(
                "there is no such folder; it holds the model bundles that runs name, such as 'mini'",
                [nameof(Models)]
            );
    }

    private static SiloRoles? Parse(string text)
    {
        var roles = SiloRoles.None;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            switch (part.ToLowerInvariant())
            {
                case "coordinator": roles |= SiloRoles.Coordinator; break;
                case "worker": roles |= SiloRoles.Worker; break;
                case "trainer": roles |= SiloRoles.Trainer; break;
                default: return null;
            }
        }

        return roles == SiloRoles.None ? null : roles;
    }
}
