using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.Housekeeping;

namespace Saltern.Server.Tests.Database;

/// <summary>A master's login can do what the returner needs, and nothing else; the catalog has the list.</summary>
public sealed class JobCacheRoleTests(JobCacheRoleTests.Ground ground) : IClassFixture<JobCacheRoleTests.Ground>
{
    [Fact]
    public async Task Of_all_relations_it_may_use_three_tables_and_one_sequence()
    {
        Assert.Equal(
            [
                "salt.jids DELETE", "salt.jids INSERT", "salt.jids SELECT", "salt.salt_events DELETE",
                "salt.salt_events INSERT", "salt.salt_events SELECT", "salt.salt_returns DELETE",
                "salt.salt_returns INSERT", "salt.salt_returns SELECT", "salt.seq_salt_events_id USAGE",
            ],
            await ReadAsync("""
                select c.oid::regclass::text || ' ' || p from pg_class c
                cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
                where c.relnamespace::regnamespace::text in ('salt', 'saltern', 'public')
                  and c.relkind in ('r', 'p', 'v', 'm', 'f')
                  and has_table_privilege(current_user, c.oid, p)
                union all
                select c.oid::regclass::text || ' ' || p from pg_class c
                cross join unnest(array['SELECT', 'USAGE', 'UPDATE']) p
                where c.relnamespace::regnamespace::text in ('salt', 'saltern', 'public') and c.relkind = 'S'
                  and has_sequence_privilege(current_user, c.oid, p)
                """, table => $"salt.{table}"));
    }

    [Fact]
    public async Task Of_all_columns_it_may_update_one()
    {
        Assert.Equal(["jids.load"], await ReadAsync("""
            select a.attrelid::regclass || '.' || a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
            where c.relnamespace::regnamespace::text in ('salt', 'saltern', 'public') and a.attnum > 0
              and c.relkind in ('r', 'p') and has_column_privilege(current_user, a.attrelid, a.attnum, 'UPDATE')
            """));
    }

    [Fact]
    public async Task It_may_call_no_function_and_use_no_schema_but_the_job_caches()
    {
        Assert.Empty(await ReadAsync("""
            select p.oid::regprocedure::text from pg_proc p
            where p.pronamespace::regnamespace::text in ('salt', 'saltern', 'public')
              and has_function_privilege(current_user, p.oid, 'EXECUTE')
            """));
        Assert.Equal(["public USAGE", "salt USAGE"], await ReadAsync("""
            select n.nspname || ' ' || p from pg_namespace n cross join unnest(array['USAGE', 'CREATE']) p
            where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
              and has_schema_privilege(current_user, n.oid, p)
            """));
    }

    [Fact]
    public async Task It_is_no_more_than_a_login_and_a_member_of_one_role()
    {
        Assert.Equal(["saltern_returner"], await ReadAsync("""
            select r.rolname::text from pg_auth_members m join pg_roles r on r.oid = m.roleid
            join pg_roles u on u.oid = m.member where u.rolname = current_user and not m.admin_option
            """));
        Assert.Empty(await ReadAsync("""
            select rolname::text from pg_roles where rolname in (current_user, 'saltern_returner')
              and (rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)
            """));
        Assert.Equal(["CONNECT"], await ReadAsync("""
            select p from unnest(array['CONNECT', 'CREATE', 'TEMPORARY']) p
            where has_database_privilege(current_user, current_database(), p)
            """));
    }

    [Theory]
    [InlineData("select count(*) from saltern.action")]
    [InlineData("select saltern.usable_time(now())")]
    [InlineData("insert into saltern.inbox (jid, minion_id, success) values ('1', '1', true)")]
    [InlineData("update salt_returns set success = 'true'")]
    [InlineData("update salt_events set tag = ''")]
    [InlineData("update jids set jid = '1'")]
    [InlineData("truncate salt_returns")]
    [InlineData("drop table jids")]
    [InlineData("alter table salt_returns disable row level security")]
    [InlineData("alter table salt_returns disable trigger all")]
    [InlineData("select count(*) from salt_returns_default")]
    [InlineData("insert into salt_events_default (tag, data, master_id) values ('a', '{}', 'm')")]
    [InlineData("delete from salt_returns_default")]
    [InlineData("select setval('seq_salt_events_id', 1)")]
    [InlineData("select last_value from seq_salt_events_id")]
    [InlineData("create table salt.mine (id int)")]
    [InlineData("create table public.mine (id int)")]
    [InlineData("create temporary table mine (id int)")]
    [InlineData("create schema mine")]
    [InlineData("create function salt.mine() returns int language sql return 1")]
    [InlineData("create trigger mine after insert on salt_returns execute function saltern.take_return()")]
    [InlineData("create policy mine on salt_returns for delete using (true)")]
    [InlineData("create role mine")]
    [InlineData("set role postgres")]
    [InlineData("alter role saltern_returner superuser")]
    [InlineData("set session_replication_role = replica")]
    [InlineData("copy salt_returns to program 'true'")]
    [InlineData("copy jids from '/etc/passwd'")]
    [InlineData("select pg_read_file('/etc/passwd')")]
    public async Task Everything_else_is_refused(string sql)
    {
        await using var connection = await ground.Master.ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    [Fact]
    public async Task A_partition_of_a_day_is_refused_when_it_is_named()
    {
        var partitions = await ReadAsync(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'salt_returns'::regclass");
        Assert.True(partitions.Count > 2);
        foreach (var partition in partitions)
        {
            await using var connection = await ground.Master.ConnectAsync();
            await using var command = new NpgsqlCommand($"delete from {partition}", connection);
            var refusal = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
        }
    }

    private async Task<List<string>> ReadAsync(string sql, Func<string, string>? change = null)
    {
        await using var connection = await ground.Master.ConnectAsync();
        var rows = await Statement.QueryAsync(
            connection, sql, [], row => row.GetString(0), CancellationToken.None);
        return [.. rows.Select(row => change?.Invoke(row) ?? row).Order(StringComparer.Ordinal)];
    }

    /// <summary>One for all of them: whatever they try is refused.</summary>
    public sealed class Ground(PostgresServer server) : IAsyncLifetime
    {
        private TestDatabase _database = null!;

        internal PgJsonb Master { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            // Not the template's copy: what the schema revokes on the database itself is not copied.
            _database = await TestDatabase.CreateAsync(server, migrated: false);
            await new SchemaChanges(
                _database.DataSource, Options.Create(new DatabaseOptions()), NullLogger<SchemaChanges>.Instance)
                .ApplyAsync(CancellationToken.None);
            Master = await PgJsonb.LogInAsync(_database);
            // A day as housekeeping makes it.
            await using var rig = await CoreRig.StartAsync(_database);
            await rig.Get<JobCacheDays>().MakeAsync(CancellationToken.None);
        }

        public async ValueTask DisposeAsync()
        {
            await Master.DisposeAsync();
            await _database.DisposeAsync();
        }
    }
}
