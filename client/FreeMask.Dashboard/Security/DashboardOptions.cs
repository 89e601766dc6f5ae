namespace FreeMask.Dashboard.Security;

/// <summary>Who may do what. Configuration section <c>Dashboard</c>.</summary>
internal sealed record DashboardOptions
{
    /// <summary>The shortest token that is accepted, in characters.</summary>
    internal const int ShortestToken = 16;

    /// <summary>The token of users who may change runs (<c>Dashboard:OperatorToken</c>); null for none.</summary>
    public string? OperatorToken { get; init; }

    /// <summary>The token of users who may only look (<c>Dashboard:ViewerToken</c>); null for none.</summary>
    public string? ViewerToken { get; init; }

    /// <summary>Names under which the dashboard is reached (<c>Dashboard:Hosts</c>) besides loopback; empty for any, with
    /// sign-in.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>
    /// Whether a proxy in front states scheme and name (<c>Dashboard:TrustForwardedHeaders</c>). Only where nobody reaches the dashboard
    /// but by that proxy.
    /// </summary>
    public bool TrustForwardedHeaders { get; init; }

    /// <summary>Sign-in with OpenID Connect (<c>Dashboard:OpenIdConnect</c>); null for none.</summary>
    public OpenIdOptions? OpenId { get; init; }

    /// <summary>Whether users have to sign in.</summary>
    public bool HasSignIn => OperatorToken is not null || ViewerToken is not null || OpenId is not null;

    /// <summary>Reads the section.</summary>
    /// <exception cref="FreeMaskException">A value cannot be used.</exception>
    internal static DashboardOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Dashboard");
        return new DashboardOptions
        {
            OperatorToken = Token(section, "OperatorToken"),
            ViewerToken = Token(section, "ViewerToken"),
            Hosts = section.GetSection("Hosts").Get<string[]>() ?? [],
            TrustForwardedHeaders = section.GetValue("TrustForwardedHeaders", false),
            OpenId = OpenIdOptions.Read(section.GetSection("OpenIdConnect")),
        };
    }

    private static string? Token(IConfiguration section, string name) => section[name] switch
    {
        null or "" => null,
        { Length: < ShortestToken } => throw new FreeMaskException(
            $"Dashboard:{name} has fewer than {ShortestToken} characters; take a random one, such as that of 'openssl rand -hex 24'."
        ),
        var token => token,
    };
}

/// <summary>Sign-in with OpenID Connect: the code flow with PKCE.</summary>
internal sealed record OpenIdOptions
{
    /// <summary>The address of the provider.</summary>
    public required string Authority { get; init; }

    /// <summary>The id of this client.</summary>
    public required string ClientId { get; init; }

    /// <summary>Its secret; null for a public client.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>The claim that has the user's roles or groups.</summary>
    public string RoleClaim { get; init; } = "roles";

    /// <summary>The value of the claim for users who may change runs.</summary>
    public string OperatorRole { get; init; } = "operator";

    /// <summary>The value of the claim for users who may look; empty for everybody whom the provider lets in.</summary>
    public string ViewerRole { get; init; } = "";

    /// <summary>Whether the provider must be reached by https.</summary>
    public bool RequireHttps { get; init; } = true;

    internal static OpenIdOptions? Read(IConfigurationSection section)
    {
        if (!section.Exists()) return null;
        return new OpenIdOptions
        {
            Authority = Required("Authority"),
            ClientId = Required("ClientId"),
            ClientSecret = section["ClientSecret"],
            RoleClaim = section["RoleClaim"] ?? "roles",
            OperatorRole = section["OperatorRole"] ?? "operator",
            ViewerRole = section["ViewerRole"] ?? "",
            RequireHttps = section.GetValue("RequireHttps", true),
        };

        string Required(string name) =>
            section[name] is { Length: > 0 } value
                ? value
                : throw new FreeMaskException($"Dashboard:OpenIdConnect:{name} is missing; set it, or remove the section.");
    }
}
