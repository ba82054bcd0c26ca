using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Access;
using Xunit;

namespace Saltern.Server.Tests.Api;

/// <summary>
/// The whole server on a database of the test class's own, listening on a port of its own. Dispatch starts paused: what
/// is scheduled stays queued until a test moves it. One master is in the settings, and nothing listens there.
/// </summary>
public sealed class LiveServer(PostgresServer postgres) : IAsyncLifetime
{
    private readonly HashSet<string> names = [];
    private SalternServer? server;

    public TestDatabase Database { get; } = new(postgres);

    /// <summary>Sends requests with a token that allows everything.</summary>
    public HttpClient Admin { get; private set; } = null!;

    public string AdminToken { get; private set; } = "";

    public Uri Address => server!.Address;

    internal IServiceProvider Services => server!.Services;

    public async ValueTask InitializeAsync()
    {
        await Database.InitializeAsync();
        server = await SalternServer.StartAsync(
            settings => settings.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Database:ConnectionString"] = Database.ConnectionString,
                ["Listen:Urls"] = "http://127.0.0.1:0",
                ["Dispatch:StartPaused"] = "true",
                ["Changes:KeepAlive"] = "00:00:02",
                ["Masters:0:Name"] = "one",
                ["Masters:0:Url"] = "http://127.0.0.1:1/",
                ["Masters:0:Username"] = "saltern",
                ["Masters:0:PasswordEnvironment"] = "PATH",
                ["Logging:LogLevel:Default"] = "None",
            }),
            change: null,
            CancellationToken.None);
        AdminToken = await CreateTokenAsync(PermissionNames.Admin);
        Admin = Client(AdminToken);
    }

    public async ValueTask DisposeAsync()
    {
        Admin?.Dispose();
        if (server is not null)
        {
            await server.StopAsync(CancellationToken.None);
            await server.DisposeAsync();
        }

        await Database.DisposeAsync();
    }

    public HttpClient Client(string? token)
    {
        var client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization =
            token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<string> CreateTokenAsync(params string[] permissions)
    {
        var tokens = Services.GetRequiredService<Tokens>();
        var name = $"{string.Join('+', permissions)}-{names.Count}";
        names.Add(name);
        var created = await tokens.CreateAsync(name, permissions, null, "a test", CancellationToken.None);
        return Assert.IsType<TokenCreation.Created>(created).Token;
    }

    /// <summary>Minions of the domain with an accepted key, named prefix1, prefix2, …</summary>
    public Task AddMinionsAsync(string prefix, int count, string domain = "default") => Database.ExecuteAsync(
        """
        with domain as (
            insert into key_domain (name) values ($3) on conflict (name) do update set name =
                excluded.name returning id),
        added as (
            insert into minion (key_domain_id, minion_id, master_id, os)
            select domain.id, $1 || n, (select id from master where name = 'one'), 'SUSE'
            from domain, generate_series(1, $2) n
            returning minion_key)
        insert into minion_contact select minion_key, now() from added
        """,
        prefix, count, domain);

    /// <summary>Schedules a ping and gives its id.</summary>
    public async Task<long> ScheduleAsync(string glob, object? more = null)
    {
        var order = JsonSerializer.SerializeToNode(more ?? new { })!.AsObject();
        order["kind"] ??= "ping";
        order["target"] ??= JsonSerializer.SerializeToNode(new { glob });
        using var answer = await Admin.PostAsJsonAsync("/api/v1/actions", order);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<ActionScheduled>(ContractJson.Options))!.Id;
    }

    /// <summary>Makes a group of this name, by its minions or its rule.</summary>
    public async Task MakeGroupAsync(string name, object of)
    {
        var group = JsonSerializer.SerializeToNode(of)!.AsObject();
        group["name"] = name;
        using var answer = await Admin.PostAsJsonAsync("/api/v1/groups", group);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Where the console shows the group.</summary>
    public async Task<string> GroupPathAsync(string name) =>
        $"/groups/{await Database.ScalarAsync<long>("select id from minion_group where name = $1", name)}";

    public async Task<T> GetAsync<T>(string path) =>
        (await Admin.GetFromJsonAsync<T>(path, ContractJson.Options))!;

    /// <summary>Ends targets as a return would, with an attempt each; the counters move with them.</summary>
    public Task SettleAsync(long action, string minion, string status, string jid, string? body) =>
        Database.ExecuteAsync(
        """
        with target as (
            select t.action_id, t.minion_key, m.master_id, m.minion_id, t.attempt + 1 as attempt
            from action_target t join minion m on m.minion_key = t.minion_key
            where t.action_id = $1 and m.minion_id = $2 and t.status = 'Queued'),
        submission as (
            insert into submission (
                id, action_id, master_id, jid, minions, outstanding, created_at, deadline_at, not_after,
                                    owner, lease_until, outcome, outcome_at)
            select nextval('submission_id'), action_id, master_id, $4, 1, 0, now(), now(), now(), 'a test', now(),
                'Accepted', now() from target
            returning id),
        returned as (
            insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
            select 'test.ping', $4, $5::json, t.minion_id, 'true', '{}',
                now() from target t where $5::text is not null),
        settled as (
            update action_target a set status = $3, settled_at = now(), attempt = t.attempt, submission_id = s.id,
                                       picked_up_at = now(), returned_at = case when $5::text is not null then now() end
            from target t, submission s where a.action_id =
                t.action_id and a.minion_key = t.minion_key returning a.action_id),
        counted as (
            update action_counts c set queued =
                queued - 1, completed = completed + case when $3 = 'Completed' then 1 else 0 end,
                                       failed = failed + case when $3 = 'Failed' then 1 else 0 end
            where action_id = (select action_id from settled) returning action_id, queued, failed)
        update action a set status =
            case when c.queued > 0 then 'Running' when c.failed > 0 then 'Failed' else 'Completed' end,
                            started_at = coalesce(started_at, now()), ended_at = case when c.queued = 0 then now() end
        from counted c where a.id = c.action_id
        """,
        action, minion, status, jid, (object?)body ?? DBNull.Value);

    /// <summary>
    /// The fault "the database sessions die", for whoever holds one. Sessions that lay idle in the pools are forgotten
    /// with it, or the next test of the class would meet one.
    /// </summary>
    public async Task KillSessionsAsync()
    {
        await Database.KillSessionsAsync();
        Database.DataSource.Clear();
        Services.GetRequiredService<NpgsqlDataSource>().Clear();
    }

    /// <summary>Rings for a change as the writers do.</summary>
    public Task RingAsync(string payload) =>
        Database.ScalarAsync<string>("select pg_notify('saltern_changes', $1)::text", payload);
}
