using System.Net;
using System.Text;
using Saltern.Contract;
using Saltern.Server.Tests.Api;
using Xunit;

namespace Saltern.Server.Tests.Access;

public sealed class AuthorizationTests(LiveServer server) : IClassFixture<LiveServer>
{
    /// <summary>Every endpoint with the one permission that opens it.</summary>
    public static TheoryData<string, string, string> Endpoints => new()
    {
        { "GET", "/api/v1/actions", PermissionNames.Read },
        { "POST", "/api/v1/actions", PermissionNames.Schedule },
        { "GET", "/api/v1/actions/1", PermissionNames.Read },
        { "GET", "/api/v1/actions/1/targets", PermissionNames.Read },
        { "GET", "/api/v1/actions/1/targets/web1", PermissionNames.Read },
        { "GET", "/api/v1/actions/1/targets/web1/result", PermissionNames.Read },
        { "POST", "/api/v1/actions/1/cancel", PermissionNames.Schedule },
        { "POST", "/api/v1/actions/1/stop", PermissionNames.Schedule },
        { "POST", "/api/v1/actions/1/reschedule", PermissionNames.Schedule },
        { "POST", "/api/v1/actions/1/archive", PermissionNames.Schedule },
        { "POST", "/api/v1/actions/1/unarchive", PermissionNames.Schedule },
        { "DELETE", "/api/v1/actions/1", PermissionNames.Schedule },
        { "GET", "/api/v1/kinds", PermissionNames.Read },
        { "GET", "/api/v1/events?action=1", PermissionNames.Read },
        { "GET", "/api/v1/minions", PermissionNames.Read },
        { "GET", "/api/v1/minions/web1", PermissionNames.Read },
        { "POST", "/api/v1/minions/accept", PermissionNames.Keys },
        { "POST", "/api/v1/minions/web1/accept", PermissionNames.Keys },
        { "POST", "/api/v1/minions/web1/reject", PermissionNames.Keys },
        { "DELETE", "/api/v1/minions/web1/key", PermissionNames.Keys },
        { "GET", "/api/v1/minions/web1/channels", PermissionNames.Read },
        { "PUT", "/api/v1/minions/web1/channels", PermissionNames.Schedule },
        { "GET", "/api/v1/products", PermissionNames.Read },
        { "POST", "/api/v1/products/import?format=scc", PermissionNames.Admin },
        { "GET", "/api/v1/channels", PermissionNames.Read },
        { "GET", "/api/v1/channels/check", PermissionNames.Read },
        { "POST", "/api/v1/channels/check", PermissionNames.Schedule },
        { "POST", "/api/v1/channels/clones", PermissionNames.Admin },
        { "DELETE", "/api/v1/channels/clones/prod-pool", PermissionNames.Admin },
        { "GET", "/api/v1/channels/mirrors", PermissionNames.Read },
        { "PUT", "/api/v1/channels/mirrors", PermissionNames.Admin },
        { "POST", "/api/v1/channels/assignments", PermissionNames.Schedule },
        { "POST", "/api/v1/servicepack/targets", PermissionNames.Read },
        { "GET", "/api/v1/servicepack/targets?minion=web1", PermissionNames.Read },
        { "GET", "/api/v1/servicepack/reports/1", PermissionNames.Read },
        { "GET", "/api/v1/servicepack/changes", PermissionNames.Read },
        { "GET", "/api/v1/servicepack/changes/1", PermissionNames.Read },
        { "POST", "/api/v1/servicepack/changes/1/decision", PermissionNames.Schedule },
        { "GET", "/api/v1/groups", PermissionNames.Read },
        { "GET", "/api/v1/groups/web", PermissionNames.Read },
        { "GET", "/api/v1/groups/web/minions", PermissionNames.Read },
        { "POST", "/api/v1/groups", PermissionNames.Schedule },
        { "PUT", "/api/v1/groups/web", PermissionNames.Schedule },
        { "DELETE", "/api/v1/groups/web", PermissionNames.Schedule },
        { "GET", "/api/v1/masters", PermissionNames.Read },
        { "POST", "/api/v1/masters/none/check", PermissionNames.Admin },
        { "POST", "/api/v1/masters/none/pause", PermissionNames.Admin },
        { "POST", "/api/v1/masters/none/resume", PermissionNames.Admin },
        { "GET", "/api/v1/dispatch", PermissionNames.Read },
        { "POST", "/api/v1/dispatch/pause", PermissionNames.Admin },
        { "POST", "/api/v1/dispatch/resume", PermissionNames.Admin },
    };

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task An_endpoint_opens_to_its_own_permission_and_to_admin_alone(
        string method, string path, string needed)
    {
        foreach (var held in PermissionNames.All)
        {
            using var answer = await SendAsync(method, path, await server.CreateTokenAsync(held));
            if (held == needed || held == PermissionNames.Admin)
            {
                Assert.NotEqual(HttpStatusCode.Unauthorized, answer.StatusCode);
                Assert.NotEqual(HttpStatusCode.Forbidden, answer.StatusCode);
                continue;
            }

            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains(
                $"'{needed}'", (await ActionEndpointsTests.ProblemOf(answer)).Detail, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Endpoints))]
    public async Task No_endpoint_opens_without_a_token(string method, string path, string needed)
    {
        Assert.NotEmpty(needed);
        using var answer = await SendAsync(method, path, null);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.Contains("token", (await ActionEndpointsTests.ProblemOf(answer)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_endpoint_of_the_interface_is_in_this_list()
    {
        using var anyone = server.Client(null);
        var description = await anyone.GetStringAsync("/openapi/v1.json");
        using var document = System.Text.Json.JsonDocument.Parse(description);
        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .Where(path => path.Name.StartsWith("/api/", StringComparison.Ordinal))
            .SelectMany(
                path => path.Value.EnumerateObject().Select(one => one.Name.ToUpperInvariant() + " " + path.Name))
            .Count();
        Assert.Equal(described, Endpoints.Count);
    }

    [Fact]
    public async Task A_revoked_an_expired_and_an_unknown_token_are_told_so()
    {
        var token = await server.CreateTokenAsync(PermissionNames.Read);
        using var before = await SendAsync("GET", "/api/v1/kinds", token);
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);

        await server.Database.ExecuteAsync(
            "update api_token set expires_at = now() - interval '1 s' where hash = sha256($1)",
            Encoding.UTF8.GetBytes(token));
        await RefusedAsync(token, "expired");
        await server.Database.ExecuteAsync(
            "update api_token set revoked_at = now() where hash = sha256($1)", Encoding.UTF8.GetBytes(token));
        await RefusedAsync(token, "revoked");
        await RefusedAsync("slt_" + new string('x', 43), "not known");
        await RefusedAsync("hello", "slt_");
    }

    [Fact]
    public async Task Use_of_a_token_is_noted_but_not_at_every_request()
    {
        var token = await server.CreateTokenAsync(PermissionNames.Read);
        var hash = Encoding.UTF8.GetBytes(token);
        (await SendAsync("GET", "/api/v1/kinds", token)).Dispose();
        var first = await server.Database.ScalarAsync<DateTime>(
            "select last_used_at from api_token where hash = sha256($1)", hash);
        (await SendAsync("GET", "/api/v1/kinds", token)).Dispose();
        Assert.Equal(first, await server.Database.ScalarAsync<DateTime>(
            "select last_used_at from api_token where hash = sha256($1)", hash));
        await server.Database.ExecuteAsync(
            "update api_token set last_used_at = now() - interval '2 min' where hash = sha256($1)", hash);
        (await SendAsync("GET", "/api/v1/kinds", token)).Dispose();
        Assert.True(await server.Database.ScalarAsync<DateTime>(
            "select last_used_at from api_token where hash = sha256($1)", hash) >= first);
    }

    [Fact]
    public async Task Only_the_hash_of_a_token_is_stored()
    {
        var token = await server.CreateTokenAsync(PermissionNames.Read);
        Assert.Matches("^slt_[A-Za-z0-9_-]{43}$", token);
        Assert.Equal(0, await server.Database.ScalarAsync<long>(
            "select count(*) from api_token t where t::text like '%' || $1 || '%'", token["slt_".Length..]));
    }

    private async Task RefusedAsync(string token, string reason)
    {
        using var answer = await SendAsync("GET", "/api/v1/kinds", token);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Contains(reason, (await ActionEndpointsTests.ProblemOf(answer)).Detail, StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> SendAsync(string method, string path, string? token)
    {
        using var client = server.Client(token);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is "POST" or "PUT")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
