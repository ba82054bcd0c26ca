using Saltern.Contract;
using Saltern.Rig;
using Saltern.Server.Actions;
using Saltern.Server.Channels.Import;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.ServicePacks;
using Saltern.Server.Tests.Gates;
using Saltern.Server.Tests.ServicePacks;
using Saltern.Simulator;
using Saltern.Simulator.Software;
using Xunit;

namespace Saltern.Server.Tests.WholeServer;

/// <summary>
/// A whole server and a simulated master whose minions are openSUSE Leap 15.5 and have its channels, on record and as
/// their repositories, and one repository of somebody else.
/// </summary>
internal sealed class MigrationScene : IAsyncDisposable
{
    public const string Old = "leap-15.5-oss-x86_64 leap-15.5-update-oss-x86_64 leap-15.5-backports-x86_64 "
        + "leap-15.5-sle-x86_64";

    public const string New = "leap-15.6-oss-x86_64 leap-15.6-update-oss-x86_64 leap-15.6-backports-x86_64 "
        + "leap-15.6-sle-x86_64";

    private const string Ours = "saltern:";

    /// <summary>Settings of a server that waits for nothing longer than a second or two.</summary>
    public static readonly (string Key, string Value)[] Impatient =
    [
        ("Results:Sweep", "00:00:01"), ("Results:FirstAskAfter", "00:00:01"), ("Results:ProofAfter", "00:00:02"),
        ("Results:RetryPause", "00:00:01"), ("Results:AskAgain", "00:00:01"), ("Results:AskWhileRunning", "00:00:01"),
        ("Dispatch:AskDeadline", "00:00:02"),
    ];

    private MigrationScene(ServerRig rig) => Rig = rig;

    public ServerRig Rig { get; }

    public static string Minion(int number) => $"minion{number:D4}";

    public static async Task<MigrationScene> OpenAsync(PostgresServer postgres, int minions)
    {
        SimulatorOptions Simulated(SimulatorOptions options) => options with
        {
            Products = [new SimulatedProduct("Leap", "15.5", IsBase: true)],
            Repositories = [new SimulatedRepository("vendor", "https://vendor.example.com/tools/")],
            RestartTime = TimeSpan.FromMilliseconds(500),
            RebootTime = TimeSpan.FromSeconds(1),
        };

        var scene = new MigrationScene(await ServerRig.StartAsync(postgres, minions, Simulated, Impatient));
        await scene.Rig.Get<ProductImports>().ImportAsync(
            Sle.Read(ImportFormat.Yaml, SourceTree.Read("docs/examples/leap.yaml")), "tester", dryRun: false,
            CancellationToken.None);
        await scene.Rig.Database.ExecuteAsync(
            """
            insert into minion_channel
            select minion_key, ($1::text[])[1], ($1::text[])[2:], 'tester', '2026-01-01Z' from minion
            """,
            (object)Old.Split(' '));
        foreach (var kind in new[] { "products.refresh", "channels.apply", "repositories.refresh" })
        {
            Assert.Equal("Completed", await scene.Rig.UntilEndedAsync(await scene.Rig.ScheduleAsync(kind)));
        }

        return scene;
    }

    public void Set(int minion, DupSetting dup) =>
        Assert.True(Rig.Master.SetSoftware(Minion(minion), new SoftwareSetting { Dup = dup }));

    public Task<ActionId> OrderAsync(
        string more, int? deadlineSeconds = null, int? batchSize = null) => Rig.ScheduleAsync(
        "servicepack.migrate", $$"""{"target": "leap-15.6-x86_64"{{more}}}""",
        new TargetSelection { Glob = "*" }, order => order with
        {
            DeadlineSeconds = deadlineSeconds, BatchSize = batchSize,
        });

    /// <summary>
    /// Waits until an action has ended and its changes are decided, and what was ordered in consequence is done, unless
    /// that would take minutes.
    /// </summary>
    public async Task<MigrationSummary> UntilDecidedAsync(ActionId action, bool exceptFollowing = false)
    {
        await Rig.UntilEndedAsync(action);
        await ServerRig.UntilAsync(
            () => Rig.Database.ScalarAsync<string>(
                """
                select (select count(*) from channel_change where state not in ('Kept', 'Reverted'))
                    || ' changes, ' || (select count(*) from migration_check
                            where state = 'Restart' or not $1 and state in ('Restarting', 'Read', 'Reading'))
                    || ' looks, ' || (select count(*) from minion_hold) || ' holds, '
                    || (select count(*) from action where status in ('Scheduled', 'Running')
                            and not ($1 and created_by like 'action %')) || ' actions'
                """,
                exceptFollowing),
            open => open == "0 changes, 0 looks, 0 holds, 0 actions", "all changes of channels are decided");
        return (await Rig.Get<MigrationReport>().OfAsync(action, CancellationToken.None))!;
    }

    /// <summary>
    /// For each minion: its target's status, what became of its latest change, and the channels on record.
    /// </summary>
    public async Task<Dictionary<string, string>> EndsAsync(ActionId action)
    {
        await using var connection = await Rig.Database.DataSource.OpenConnectionAsync();
        return (await Statement.QueryAsync(
            connection,
            """
            select distinct on (m.minion_id) m.minion_id, t.status || ' ' || c.state
                || case when c.attention is null then '' else ' attention' end
                || case a.base_label when $2 then ' old' when $3 then ' new' else ' ' || a.base_label end
            from action_target t join minion m on m.minion_key = t.minion_key
            join channel_change c on c.action_id = t.action_id and c.minion_key = t.minion_key
            join minion_channel a on a.minion_key = t.minion_key
            where t.action_id = $1
            order by m.minion_id, c.id desc
            """,
            [action.Value, Old.Split(' ')[0], New.Split(' ')[0]], row => (row.GetString(0), row.GetString(1)),
            CancellationToken.None)).ToDictionary();
    }

    /// <summary>
    /// Each minion really has the repositories that are on record, at their addresses, and its own one.
    /// </summary>
    public async Task AssertRecordIsRealityAsync()
    {
        await using var connection = await Rig.Database.DataSource.OpenConnectionAsync();
        var assigned = await Statement.QueryAsync(
            connection,
            """
            select m.minion_id, c.base_label || ' ' || array_to_string(c.child_labels, ' ')
            from minion_channel c join minion m on m.minion_key = c.minion_key order by 1
            """,
            [], row => (Minion: row.GetString(0), Labels: row.GetString(1)), CancellationToken.None);
        Assert.Equal(
            assigned.Select(one => $"{one.Minion}: {Sorted([.. one.Labels.Split(' '), "vendor"])}"),
            assigned.Select(one => $"{one.Minion}: {Sorted(Repositories(one.Minion).Select(Plain))}"));
        Assert.All(assigned, one => Assert.All(
            Repositories(one.Minion).Where(repository => repository.Alias != "vendor"),
            repository => Assert.StartsWith("https://download.opensuse.org/", repository.Url)));
    }

    public IReadOnlyList<DupRunView> Runs(int minion) => Rig.Master.SoftwareOf(Minion(minion))!.Runs;

    public string Version(int minion) => Rig.Master.SoftwareOf(Minion(minion))!.Products[0].Version;

    public ValueTask DisposeAsync() => Rig.DisposeAsync();

    private IEnumerable<SimulatedRepository> Repositories(string minion) =>
        Rig.Master.SoftwareOf(minion)!.Repositories.Where(repository => repository.Enabled);

    private static string Sorted(IEnumerable<string> labels) =>
        string.Join(' ', labels.Order(StringComparer.Ordinal));

    private static string Plain(SimulatedRepository repository) =>
        repository.Alias.StartsWith(Ours, StringComparison.Ordinal)
            ? repository.Alias[Ours.Length..]
            : repository.Alias;
}
