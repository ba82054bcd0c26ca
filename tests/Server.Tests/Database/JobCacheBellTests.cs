using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Database;

/// <summary>The bell's discipline: whoever gets the advisory lock rings for all that write at the same time.</summary>
public sealed class JobCacheBellTests(PostgresServer server) : IAsyncLifetime
{
    private const int Writers = 8;

    private readonly List<string> _heard = [];
    private TestDatabase _database = null!;
    private PgJsonb _master = null!;
    private NpgsqlConnection _listener = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(server);
        _master = await PgJsonb.LogInAsync(_database);
        _listener = await _database.DataSource.OpenConnectionAsync();
        _listener.Notification += (_, notification) => _heard.Add(notification.Payload);
        await using var listen = new NpgsqlCommand($"listen {NotificationChannels.Inbox}", _listener);
        await listen.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _master.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Each_burst_of_writers_rings_and_every_row_arrives()
    {
        for (var burst = 1; burst <= 3; burst++)
        {
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(WriteManyAsync));

            Assert.InRange(await RingsAsync(), 1, Writers * 25);
            Assert.Equal(burst * Writers * 25, await _database.ScalarAsync<long>("select count(*) from inbox"));
        }
    }

    [Fact]
    public async Task Writers_whose_transactions_are_open_together_ring_once()
    {
        var writers = new List<(NpgsqlConnection Connection, NpgsqlTransaction Transaction)>();
        for (var writer = 0; writer < Writers; writer++)
        {
            var connection = await _master.ConnectAsync();
            writers.Add((connection, await connection.BeginTransactionAsync()));
            await using var insert = new NpgsqlCommand(Return(writer, 0).InsertSql, connection);
            await insert.ExecuteNonQueryAsync();
        }

        foreach (var (connection, transaction) in writers)
        {
            await transaction.CommitAsync();
            await connection.DisposeAsync();
        }

        Assert.Equal(1, await RingsAsync());
        Assert.Equal(Writers, await _database.ScalarAsync<long>("select count(*) from inbox"));
    }

    [Fact]
    public async Task A_stranger_who_holds_the_bells_lock_silences_it_and_loses_no_row()
    {
        await using var stranger = await _master.ConnectAsync();
        await using var hold = new NpgsqlCommand("select pg_advisory_lock(7261, 1)", stranger);
        await hold.ExecuteNonQueryAsync();

        await WriteManyAsync(1);

        Assert.Equal(0, await RingsAsync());
        Assert.Equal(25, await _database.ScalarAsync<long>("select count(*) from inbox"));
    }

    [Fact]
    public async Task A_start_event_rings_and_a_return_of_others_does_not()
    {
        await _master.ReturnerAsync(new PgReturn("20260302080000000001", "web1"));
        await _master.EventReturnAsync(("salt/job/20260302080000000001/new", "{}"));
        Assert.Equal(0, await RingsAsync());

        await _master.EventReturnAsync(("salt/minion/web1/start", "{}"));
        Assert.Equal(1, await RingsAsync());
    }

    private async Task WriteManyAsync(int writer)
    {
        for (var number = 0; number < 25; number++)
        {
            await _master.ReturnerAsync(Return(writer, number));
        }
    }

    private static PgReturn Return(int writer, int number) => new("20260302080000000001_s1", $"m{writer}-{number}");

    /// <summary>Rings since the last call. Notifications come in the order of their commits, ours last.</summary>
    private async Task<int> RingsAsync()
    {
        await _database.ExecuteAsync($"notify {NotificationChannels.Inbox}, 'end'");
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!_heard.Contains("end"))
        {
            await _listener.WaitAsync(limit.Token);
        }

        var rings = _heard.Count - 1;
        _heard.Clear();
        return rings;
    }
}
