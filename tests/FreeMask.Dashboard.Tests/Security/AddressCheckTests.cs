using FreeMask.Dashboard.Security;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace FreeMask.Dashboard.Tests.Security;

public sealed class AddressCheckTests
{
    private static readonly DashboardOptions WithToken = new() { OperatorToken = "0123456789abcdef" };

    [Theory]
    [InlineData("http://127.0.0.1:5180", true)]
    [InlineData("http://localhost", true)]
    [InlineData("http://[::1]:80", true)]
    [InlineData("http://0.0.0.0:8080", false)]
    [InlineData("http://+:8080", false)]
    [InlineData("http://*:8080", false)]
    [InlineData("http://[::]:8080", false)]
    [InlineData("https://10.0.0.7", false)]
    [InlineData("http://127.0.0.1.example.org:80", false)]
    public void Only_loopback_is_served_without_sign_in(string address, bool loopback)
    {
        Assert.Equal(loopback, AddressCheck.IsLoopback(address));
        if (loopback) AddressCheck.Require([address], new DashboardOptions());
        else
            Assert.Contains(
                "Dashboard:OperatorToken",
                Assert.Throws<FreeMaskException>(() => AddressCheck.Require(["http://127.0.0.1", address], new DashboardOptions())).Message,
                StringComparison.Ordinal
            );
        AddressCheck.Require([address], WithToken);
    }

    [Theory]
    [InlineData("/runs/a?b=c", "/runs/a?b=c")]
    [InlineData(null, "/")]
    [InlineData("https://example.org", "/")]
    [InlineData("//example.org", "/")]
    [InlineData("/\\example.org", "/")]
    [InlineData("/a\r\nSet-Cookie: x", "/")]
    public void Sign_in_leads_to_paths_of_this_site_only(string? target, string expected) => Assert.Equal(expected, SignIn.Local(target));

    [Fact]
    public void A_token_is_compared_whole_and_short_ones_are_refused()
    {
        Assert.Equal(Policies.Operator, Tokens.RoleOf(WithToken, "0123456789abcdef"));
        Assert.Null(Tokens.RoleOf(WithToken, "0123456789abcde"));
        Assert.Null(Tokens.RoleOf(WithToken, ""));
        Assert.Null(Tokens.RoleOf(new DashboardOptions(), ""));
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Dashboard:ViewerToken", "short")]).Build();
        Assert.Contains("16", Assert.Throws<FreeMaskException>(() => DashboardOptions.Read(settings)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_provider_without_client_is_refused()
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Dashboard:OpenIdConnect:Authority", "https://login.example")]).Build();
        var problem = Assert.Throws<FreeMaskException>(() => DashboardOptions.Read(settings));
        Assert.Contains("ClientId", problem.Message, StringComparison.Ordinal);
    }
}
