using Saltern.Chaos.Migrations;
using Saltern.Server.Channels.Import;

namespace Saltern.Simulation;

/// <summary>What a world in which minions are migrated has besides.</summary>
internal static class MigrationGround
{
    /// <summary>Transactions that decide about channels can be made to fail at their commit, too.</summary>
    private const string FailSql = """
        create constraint trigger fail after insert or update on saltern.channel_change deferrable initially deferred
            for each row execute function simulation.fail();
        """;

    public static async Task LayAsync(World world)
    {
        var reading = (ImportReading.Understood)ImportReader.Read(ImportFormat.Yaml, Ladder.Yaml, null);
        await world.Nodes[0].Get<ProductImports>().ImportAsync(
            reading.Import, "first", dryRun: false, CancellationToken.None);
        await world.Database.ExecuteAsync(Journal.LaySql + FailSql);
        await world.Database.ExecuteAsync(Ladder.EquipSql("true"));
    }
}
