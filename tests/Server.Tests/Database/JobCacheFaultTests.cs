using Npgsql;
using Saltern.Rig;

namespace Saltern.Server.Tests.Database;

/// <summary>
/// What is wrong with the inbox must not cost a return: the trigger swallows it, the row in salt_returns is there.
/// </summary>
public sealed class JobCacheFaultTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly PgReturn Ours = new("20260302080000000001_s1", "web1");

    private TestDatabase _database = null!;
    private PgJsonb _master = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(server);
        _master = await PgJsonb.LogInAsync(_database);
    }

    public async ValueTask DisposeAsync()
    {
        await _master.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_locked_inbox_costs_no_return_of_a_session_with_a_lock_time_out()
    {
        await using var locker = await _database.DataSource.OpenConnectionAsync();
        await using var transaction = await locker.BeginTransactionAsync();
        await RunAsync(locker, "lock table inbox, start_inbox in access exclusive mode");

        await using var connection = await _master.ConnectAsync();
        await RunAsync(connection, "set lock_timeout = '50ms'");
        await PgJsonb.ReturnerAsync(connection, Ours);
        await RunAsync(connection, """
            insert into salt_events (tag, data, master_id) values ('salt/minion/web1/start', '{}', 'master1')
            """);

        await transaction.RollbackAsync();
        await AssertStoredOutsideInboxAsync();
        Assert.Equal(1, await _database.ScalarAsync<long>("select count(*) from salt.salt_events"));
    }

    [Fact]
    public async Task A_missing_inbox_costs_no_return()
    {
        await _database.ExecuteAsync("alter table inbox rename to elsewhere");
        await _database.ExecuteAsync("alter table start_inbox rename to start_elsewhere");

        await _master.ReturnerAsync(Ours);
        await _master.EventReturnAsync(("salt/minion/web1/start", "{}"));

        await _database.ExecuteAsync("alter table elsewhere rename to inbox");
        await AssertStoredOutsideInboxAsync();
        Assert.Equal(1, await _database.ScalarAsync<long>("select count(*) from salt.salt_events"));
    }

    [Fact]
    public async Task A_missing_grant_costs_no_return()
    {
        var owner = "poor_" + _database.Name;
        await _database.ExecuteAsync($"""
            create role {owner};
            grant usage on schema saltern to {owner};
            alter function take_return() owner to {owner};
            """);

        await _master.ReturnerAsync(Ours);

        await AssertStoredOutsideInboxAsync();
        await _database.ExecuteAsync($"grant insert on inbox to {owner}");
        await _database.ExecuteAsync($"grant execute on function usable_time(timestamptz) to {owner}");
        await _master.ReturnerAsync(Ours);
        Assert.Equal(1, await _database.ScalarAsync<long>("select count(*) from inbox"));
    }

    [Fact]
    public async Task A_full_inbox_costs_no_return()
    {
        await _database.ExecuteAsync("alter table inbox add constraint full_up check (false) not valid");

        await _master.ReturnerAsync(Ours);

        await AssertStoredOutsideInboxAsync();
    }

    [Fact]
    public async Task A_master_that_shadows_the_inbox_with_a_table_of_its_own_changes_nothing()
    {
        await using var connection = await _master.ConnectAsync();
        await RunAsync(connection, "set search_path = pg_temp, salt");

        await PgJsonb.ReturnerAsync(connection, Ours);

        Assert.Equal(1, await _database.ScalarAsync<long>("select count(*) from inbox"));
    }

    [Fact]
    public async Task Without_the_triggers_returns_and_events_are_stored_all_the_same()
    {
        await _database.ExecuteAsync("drop trigger take_return on salt.salt_returns");

        await _master.ReturnerAsync(Ours);

        await AssertStoredOutsideInboxAsync();
    }

    private async Task AssertStoredOutsideInboxAsync()
    {
        Assert.Equal(["web1"], await _master.GetJidAsync(Ours.Jid));
        Assert.Equal(0, await _database.ScalarAsync<long>("select count(*) from inbox"));
    }

    private static async Task RunAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
