using System.Globalization;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Database;

/// <summary>
/// A master with Salt's stock pgjsonb returner, as PostgreSQL sees it: a member of saltern_returner that logs in with
/// salt as its search path, and the returner's statements with their values written into them as psycopg2 does.
/// </summary>
internal sealed class PgJsonb : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    private PgJsonb(NpgsqlDataSource source) => _source = source;

    public static async Task<PgJsonb> LogInAsync(TestDatabase database)
    {
        var login = "master_" + database.Name;
        await database.ExecuteAsync($"""
            do $$ begin
                if not exists (select from pg_roles where rolname = '{login}') then
                    create role {login} login in role saltern_returner;
                    alter role {login} set search_path = salt;
                end if;
            end $$
            """);
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Username = login,
            CommandTimeout = 120,
            MaxPoolSize = 20,
        };
        return new PgJsonb(NpgsqlDataSource.Create(connection.ConnectionString));
    }

    public ValueTask<NpgsqlConnection> ConnectAsync() => _source.OpenConnectionAsync();

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>returner(): success is a bool of Python's, which PostgreSQL turns into text.</summary>
    public async Task ReturnerAsync(PgReturn returned)
    {
        await using var connection = await ConnectAsync();
        await ReturnerAsync(connection, returned);
    }

    public static Task ReturnerAsync(NpgsqlConnection connection, PgReturn returned) =>
        CommitAsync(connection, returned.InsertSql);

    /// <summary>save_load(), as it is for PostgreSQL 9.5 and newer.</summary>
    public async Task SaveLoadAsync(string jid, string load)
    {
        await using var connection = await ConnectAsync();
        await CommitAsync(connection, $"""
            insert into jids (jid, load) values ({Literal(jid)}, {Literal(load)})
            on conflict (jid) do update set load={Literal(load)}
            """);
    }

    /// <summary>event_return(): all events in one transaction.</summary>
    public async Task EventReturnAsync(params (string Tag, string Data)[] events)
    {
        await using var connection = await ConnectAsync();
        await CommitAsync(connection, [.. events.Select(one => $"""
            insert into salt_events (tag, data, master_id, alter_time)
            values ({Literal(one.Tag)}, {Literal(one.Data)}, 'master1', to_timestamp({Now()}))
            """)]);
    }

    public Task<List<string>> GetLoadAsync(string jid) =>
        ReadAsync($"select load from jids where jid = {Literal(jid)};");

    public Task<List<string>> GetJidAsync(string jid) =>
        ReadAsync($"select id, full_ret from salt_returns where jid = {Literal(jid)}");

    public Task<List<string>> GetJidsAsync() => ReadAsync("select jid, load from jids");

    public Task<List<string>> GetMinionsAsync() => ReadAsync("select distinct id from salt_returns");

    /// <summary>get_fun(), with the backquotes that PostgreSQL has never taken.</summary>
    public Task<List<string>> GetFunAsync(string fun) => ReadAsync($"""
        select s.id,s.jid, s.full_ret from salt_returns s
        join ( select max(`jid`) as jid from salt_returns group by fun, id) max on s.jid = max.jid
        where s.fun = {Literal(fun)}
        """);

    /// <summary>clean_old_jobs(); returns how many rows went.</summary>
    public async Task<int> CleanOldJobsAsync(int keepJobsSeconds)
    {
        await using var connection = await ConnectAsync();
        var stamp = await StampAsync(connection, keepJobsSeconds);
        return await PurgeJobsAsync(connection, stamp);
    }

    /// <summary>clean_old_jobs() with archive_jobs: it begins with a table of its own for each of the three.</summary>
    public async Task ArchiveJobsAsync(int keepJobsSeconds)
    {
        await using var connection = await ConnectAsync();
        var stamp = await StampAsync(connection, keepJobsSeconds);
        foreach (var table in (string[])["jids", "salt_returns", "salt_events"])
        {
            await CommitAsync(connection, $"create table if not exists {table}_archive (like {table})");
        }

        await PurgeJobsAsync(connection, stamp);
    }

    /// <summary>As psycopg2 quotes text.</summary>
    public static string Literal(string text)
    {
        var quoted = $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
        return text.Contains('\\', StringComparison.Ordinal)
            ? " E" + quoted.Replace(@"\", @"\\", StringComparison.Ordinal)
            : quoted;
    }

    public static string Now() => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds
        .ToString("F6", CultureInfo.InvariantCulture);

    private static async Task<string> StampAsync(NpgsqlConnection connection, int keepJobsSeconds)
    {
        await using var command = new NpgsqlCommand(
            $"select (now() -  interval '{keepJobsSeconds}' second)::text as stamp;", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private static async Task<int> PurgeJobsAsync(NpgsqlConnection connection, string stamp)
    {
        var removed = 0;
        foreach (var delete in (string[])
        [
            "delete from jids where jid in (select distinct jid from salt_returns where alter_time < {0})",
            "delete from salt_returns where alter_time < {0}",
            "delete from salt_events where alter_time < {0}",
        ])
        {
            var stamped = delete.Replace("{0}", $"'{stamp}'::timestamptz", StringComparison.Ordinal);
            removed += await CommitAsync(connection, stamped);
        }

        return removed;
    }

    private async Task<List<string>> ReadAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        return await Statement.QueryAsync(connection, sql, [], row => row.GetString(0), CancellationToken.None);
    }

    private static async Task<int> CommitAsync(NpgsqlConnection connection, params string[] statements)
    {
        var rows = 0;
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var sql in statements)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            command.CommandTimeout = 120;
            rows += await command.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();
        return rows;
    }
}
