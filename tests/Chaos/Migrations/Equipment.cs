using System.Net.Http.Headers;
using Saltern.Simulator.Software;

namespace Saltern.Chaos.Migrations;

/// <summary>
/// What migrations need: a list of products, minions that have one of them and its channels, and the journal.
/// </summary>
internal static class Equipment
{
    public static async Task InstallAsync(Stage stage, ChaosOptions options, CancellationToken cancellationToken)
    {
        await ImportAsync(stage, cancellationToken);
        var minions = MigrationPlan.Minions(options);
        foreach (var (master, minion) in stage.Masters.SelectMany(_ => minions, (master, minion) => (master, minion)))
        {
            await master.SetSoftwareAsync(
                minion, new SoftwareSetting { Products = Ladder.Products, Repositories = Ladder.Repositories },
                cancellationToken);
        }

        await stage.Database.ExecuteAsync(Journal.LaySql, cancellationToken);
        var names = string.Join(',', minions.Select(minion => $"'{minion}'").DefaultIfEmpty("null"));
        await stage.Database.ExecuteAsync(Ladder.EquipSql($"m.minion_id in ({names})"), cancellationToken);
    }

    private static async Task ImportAsync(Stage stage, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", stage.Token);
        using var answer = await client.PostAsync(
            new Uri(stage.Nodes[0].Address!, "/api/v1/products/import?format=yaml"),
            new StringContent(Ladder.Yaml, new MediaTypeHeaderValue("text/plain")), cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"The products were refused: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }
}
