using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;
using Saltern.Server.Housekeeping;

namespace Saltern.Server.Tests.Database;

/// <summary>Saltern's own login owns its database and is no superuser; tests run as one and would not notice.</summary>
public sealed class SchemaOwnerTests(PostgresServer server) : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private NpgsqlDataSource _source = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(server, migrated: false);
        var owner = "owner_" + _database.Name;
        // The template's schema made it before, unless this test is the first.
        await _database.ExecuteAsync($"""
            do $$ begin
                if not exists (select from pg_roles where rolname = 'saltern_returner') then
                    create role saltern_returner;
                end if;
            exception when duplicate_object or unique_violation then
                null;
            end $$;
            create role {owner} login;
            alter database {_database.Name} owner to {owner};
            """);
        var connection = new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Username = owner };
        _source = DatabaseConnections.Build(
            new DatabaseOptions { ConnectionString = connection.ConnectionString }, NullLoggerFactory.Instance);
        await new SchemaChanges(_source, Options.Create(new DatabaseOptions()), NullLogger<SchemaChanges>.Instance)
            .ApplyAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task An_owner_who_may_not_create_roles_applies_the_schema_where_the_role_is_there()
    {
        await using var master = await PgJsonb.LogInAsync(_database);
        await master.ReturnerAsync(new PgReturn("20260302080000000001_s1", "web1"));
        await master.SaveLoadAsync("20260302080000000001_s1", "{}");

        await using var inbox = _source.CreateCommand("select count(*) from inbox");
        Assert.Equal(1L, await inbox.ExecuteScalarAsync());
        Assert.Equal(0, await master.CleanOldJobsAsync(keepJobsSeconds: -60));
        Assert.Equal(["web1"], await master.GetJidAsync("20260302080000000001_s1"));
    }

    [Fact]
    public async Task The_owner_makes_and_ends_days_and_removes_what_row_security_hides_from_masters()
    {
        var clock = new TestClock();
        var options = Options.Create(new HousekeepingOptions { DaysAhead = 1, KeepDays = 1 });
        var days = new JobCacheDays(
            _source, new ResultKeeping(options, Options.Create(new DatabaseOptions())), options,
            clock, NullLogger<JobCacheDays>.Instance);
        var rest = new JobCacheRest(_source, options, clock, NullLogger<JobCacheRest>.Instance);
        await using var master = await PgJsonb.LogInAsync(_database);
        await master.SaveLoadAsync("20260101000000000000", "{}");

        Assert.Equal(6, await days.MakeAsync(CancellationToken.None));
        clock.Advance(TimeSpan.FromDays(10));
        Assert.Equal(6, await days.EndAsync(CancellationToken.None));
        Assert.Equal(1, await rest.RemoveAsync(CancellationToken.None));
    }
}
