namespace FreeMask.Dashboard.Security;

/// <summary>Roles, schemes and policies.</summary>
internal static class Policies
{
    /// <summary>May look.</summary>
    internal const string Viewer = "viewer";

    /// <summary>May look and change runs.</summary>
    internal const string Operator = "operator";

    /// <summary>Needs <see cref="Viewer"/> or <see cref="Operator"/>.</summary>
    internal const string Look = "look";

    /// <summary>Needs <see cref="Operator"/>.</summary>
    internal const string Change = "change";

    internal const string Choice = "choice", Open = "open", Bearer = "bearer", Cookie = "cookie", OpenId = "openid";
}
