using Npgsql;
using Saltern.Rig;

namespace Saltern.Server.Tests.Rig;

public sealed class TestDatabaseTests(TestDatabase database, PostgresServer server) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_class_gets_a_database_with_the_schema_of_the_program()
    {
        Assert.NotNull(await database.ScalarAsync<string>("select to_regclass('salt.salt_returns')::text"));
        Assert.Equal("saltern", await database.ScalarAsync<string>("show search_path"));
    }

    [Fact]
    public async Task Databases_are_apart_from_each_other_and_gone_when_disposed()
    {
        var other = await TestDatabase.CreateAsync(server);
        await other.ExecuteAsync("insert into salt.jids (jid, load) values ($1, '{}')", "20260101000000000000_s1");

        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from salt.jids"));
        await other.DisposeAsync();
        Assert.Null(await database.ScalarAsync<string>(
            "select datname::text from pg_database where datname = $1", other.Name));
    }

    [Fact]
    public async Task Killed_sessions_are_noticed_by_their_users()
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();

        Assert.True(await database.KillSessionsAsync() >= 1);
        await using var command = new NpgsqlCommand("select 1", connection);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => command.ExecuteScalarAsync());
    }
}
