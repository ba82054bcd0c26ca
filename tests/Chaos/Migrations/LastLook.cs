using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Saltern.Contract;
using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>
/// The minions that can be migrated, when all is over. Those whose channels a person set last are given them once more
/// before: that this is taken and done is a part of the proof, since nothing is held any longer.
/// </summary>
internal sealed class LastLook(Stage stage, ChaosOptions options, TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Tables tables = new(stage.Database);

    public async Task<IReadOnlyList<MinionEnd>> TakeAsync(CancellationToken cancellationToken)
    {
        var minions = await ReadAsync(cancellationToken);
        var left = minions.Where(minion => minion.IsLeftToPerson && minion.Reality != minion.Assigned).ToList();
        if (left.Count == 0)
        {
            return minions;
        }

        foreach (var same in left.GroupBy(minion => minion.Master, minion => minion.Minion))
        {
            await ApplyAsync(same.Key, [.. same], cancellationToken);
        }

        await Chaos.Patience.TryUntilAsync(
            async () => await tables.UnfinishedAsync(cancellationToken) == 0, Patience, clock, cancellationToken);
        return await ReadAsync(cancellationToken);
    }

    private async Task<IReadOnlyList<MinionEnd>> ReadAsync(CancellationToken cancellationToken)
    {
        var software = new Dictionary<(string Master, string Minion), SoftwareView>();
        foreach (var minion in MigrationPlan.Minions(options))
        {
            foreach (var master in stage.Masters)
            {
                software[(master.Name, minion)] = await master.ReadSoftwareAsync(minion, cancellationToken);
            }
        }

        return MinionEnds.Of(
            await stage.Database.QueryAsync(MinionEnd.AssignedSql, MinionEnd.Read, cancellationToken),
            await stage.Database.QueryAsync(Journal.EntriesSql, JournalEntry.Read, cancellationToken),
            await stage.Database.QueryAsync(ChangeEnd.ChangesSql, ChangeEnd.Read, cancellationToken),
            (master, minion) => software[(master, minion)]);
    }

    private async Task ApplyAsync(string master, List<string> minions, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", stage.Token);
        using var answer = await client.PostAsJsonAsync(
            new Uri(stage.Nodes[0].Address!, "/api/v1/actions"),
            new ActionRequest
            {
                Kind = "channels.apply",
                Arguments = JsonElement.Parse("{}"),
                Target = new TargetRequest { Minions = minions, KeyDomain = master },
            },
            ContractJson.Options, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }
}
