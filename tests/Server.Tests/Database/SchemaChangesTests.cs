using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Database;

namespace Saltern.Server.Tests.Database;

public sealed class SchemaChangesTests(PostgresServer server) : IAsyncLifetime
{
    private static readonly SchemaChange First = SchemaChange.Parse("0001_first", "create table a (id int);");
    private static readonly SchemaChange Second = SchemaChange.Parse("0002_second", "create table b (id int);");

    private TestDatabase database = null!;

    public async ValueTask InitializeAsync() => database = await TestDatabase.CreateAsync(server, migrated: false);

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Fact]
    public async Task An_empty_database_gets_every_change_and_the_second_start_applies_none()
    {
        var first = await Changes().ApplyAsync(CancellationToken.None);
        var second = await Changes().ApplyAsync(CancellationToken.None);

        Assert.Equal(SchemaChange.Embedded().Count, first.Count);
        Assert.Empty(second);
        Assert.Equal(
            first.Select(change => change.Sha256),
            (await RecordedAsync()).Select(row => row.Sha256));
    }

    [Fact]
    public void The_files_in_this_program_are_numbered_from_one_without_a_gap()
    {
        var numbers = SchemaChange.Embedded().Select(change => change.Number).ToList();
        Assert.Equal(Enumerable.Range(1, numbers.Count), numbers);
    }

    [Fact]
    public async Task Nodes_that_start_at_once_apply_each_change_once()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(_ => Changes().ApplyAsync([First, Second], CancellationToken.None)));

        Assert.Equal([2], results.Select(applied => applied.Count).Where(count => count > 0));
    }

    [Fact]
    public async Task A_change_that_fails_leaves_the_changes_before_it_and_nothing_of_itself()
    {
        var broken = SchemaChange.Parse("0002_broken", "create table half (id int); select 1/0;");

        await Assert.ThrowsAsync<PostgresException>(
            () => Changes().ApplyAsync([First, broken], CancellationToken.None));
        var applied = await Changes().ApplyAsync([First, Second], CancellationToken.None);

        Assert.Equal([Second], applied);
        Assert.Null(await database.ScalarAsync<string>("select to_regclass('saltern.half')::text"));
    }

    [Fact]
    public async Task An_applied_file_that_was_edited_is_refused()
    {
        await Changes().ApplyAsync([First], CancellationToken.None);
        var edited = First with { Sql = "create table a (id bigint);" };

        var refusal = await Assert.ThrowsAsync<SchemaRefusedException>(
            () => Changes().ApplyAsync([SchemaChange.Parse("0001_first", edited.Sql), Second], CancellationToken.None));

        Assert.Contains("0001_first was applied", refusal.Message, StringComparison.Ordinal);
        Assert.Null(await database.ScalarAsync<string>("select to_regclass('saltern.b')::text"));
    }

    [Fact]
    public async Task A_database_newer_than_the_program_is_refused_with_both_numbers_and_what_to_do()
    {
        await Changes().ApplyAsync([First, Second], CancellationToken.None);

        var refusal = await Assert.ThrowsAsync<SchemaRefusedException>(
            () => Changes().ApplyAsync([First], CancellationToken.None));

        Assert.Contains("has schema 2", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("only up to schema 1", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Start the newer saltern", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_older_than_postgresql_15_is_refused()
    {
        var refusal = Assert.Throws<SchemaRefusedException>(
            () => SchemaChanges.RefuseUnsuitableServer(14, "14.11", "UTF8", "saltern"));
        Assert.Contains("PostgreSQL 14.11", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("15 or newer", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_that_is_not_utf8_is_refused()
    {
        var refusal = Assert.Throws<SchemaRefusedException>(
            () => SchemaChanges.RefuseUnsuitableServer(15, "15.1", "SQL_ASCII", "saltern"));
        Assert.Contains("SQL_ASCII", refusal.Message, StringComparison.Ordinal);
    }

    private SchemaChanges Changes() => new(
        database.DataSource, Options.Create(new DatabaseOptions()), NullLogger<SchemaChanges>.Instance);

    private async Task<List<(int Number, string Sha256)>> RecordedAsync()
    {
        var rows = new List<(int, string)>();
        await using var command = database.DataSource.CreateCommand(
            "select number, sha256 from saltern.schema_change order by number");
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows.Add((reader.GetInt32(0), reader.GetString(1)));
        }

        return rows;
    }
}
