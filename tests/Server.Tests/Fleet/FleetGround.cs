using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Rig;
using Saltern.Server.Fleet;

namespace Saltern.Server.Tests.Fleet;

/// <summary>Rows that the tests of this slice start from.</summary>
internal static class FleetGround
{
    public static IOptions<FleetOptions> Options(FleetOptions? options = null) =>
        Microsoft.Extensions.Options.Options.Create(options ?? new FleetOptions());

    public static Task<int> AddDomainAsync(this TestDatabase database, string name) => database.ScalarAsync<int>("""
        insert into key_domain (name) values ($1) on conflict (name) do update set name = excluded.name returning id
        """, name);

    public static async Task<int> AddMasterAsync(this TestDatabase database, string name, string domain = "default") =>
        await database.ScalarAsync<int>(
            "insert into master (name, key_domain_id) values ($1, $2) returning id",
            name, await database.AddDomainAsync(domain));

    public static async Task<MinionKey> AddMinionAsync(
        this TestDatabase database, string id, string grains = "{}", string domain = "default",
        string status = "accepted")
    {
        var key = new MinionKey(await database.ScalarAsync<long>("""
            insert into minion (key_domain_id, minion_id, key_status) values ($1, $2, $3) returning minion_key
            """, await database.AddDomainAsync(domain), id, status));
        using var document = JsonDocument.Parse(grains);
        var facts = new MinionFacts(database.DataSource, NullLogger<MinionFacts>.Instance);
        await facts.LearnAsync(key, document.RootElement, DateTimeOffset.UnixEpoch, CancellationToken.None);
        return key;
    }

    public static async Task<SelectedMinions> BuildAsync(this TestDatabase database, TargetSelection selection)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await TargetSelector.BuildAsync(selection, connection, CancellationToken.None);
    }

    /// <summary>The ids that a selection comes to, in order.</summary>
    public static async Task<IReadOnlyList<string>> SelectAsync(this TestDatabase database, TargetSelection selection)
    {
        var built = await database.BuildAsync(selection);
        var query = Assert.IsType<SelectedMinions.Query>(built);
        await using var command = database.DataSource.CreateCommand(
            $"select minion_id from minion where minion_key in ({query.Sql}) order by minion_id collate \"C\"");
        foreach (var parameter in query.Parameters)
        {
            command.Parameters.Add(parameter);
        }

        return await command.ReadTextsAsync();
    }

    public static async Task<IReadOnlyList<(string Argument, string Message)>> RefusalAsync(
        this TestDatabase database, TargetSelection selection) =>
        Assert.IsType<SelectedMinions.Refused>(await database.BuildAsync(selection)).Errors;

    public static async Task<IReadOnlyList<string>> ReadTextsAsync(this NpgsqlCommand command)
    {
        var texts = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            texts.Add(reader.GetString(0));
        }

        return texts;
    }
}
