using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Actions;

/// <summary>
/// Orders a hardware.refresh for minions that have never told their grains, as an ordinary action that anyone can see,
/// wait for or cancel. A minion whose key was just accepted is not connected yet (it asks for its key every 10 s, in
/// Salt's own settings), so one that was never heard from is given half a minute. One that does not answer is asked
/// again a day later, or an hour later if it was heard from since.
/// </summary>
internal sealed partial class FirstRefresh(
    NpgsqlDataSource database,
    Scheduling scheduling,
    IOptions<ActionsOptions> options,
    TimeProvider clock,
    Outage outage, ILogger<FirstRefresh> log)
    : BackgroundService
{
    public const string Actor = "saltern";

    private const int MostMinions = 5_000;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromDays(1);
    private static readonly TimeSpan HeardAgainAfter = TimeSpan.FromHours(1);
    private static readonly TimeSpan ToConnect = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Orders a refresh for the new minions of each key domain, those that were heard from and the others apart;
    /// returns for how many minions.
    /// </summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var found = await Statement.QueryAsync(
            connection, TakeSql, [now, now - AgainAfter, MostMinions, now - HeardAgainAfter],
            row => (Domain: row.GetString(0), Minion: row.GetString(1), Heard: row.GetBoolean(2)),
            cancellationToken);
        foreach (var some in found.GroupBy(one => (one.Domain, one.Heard), one => one.Minion))
        {
            var order = new ActionOrder
            {
                Kind = "hardware.refresh",
                Arguments = JsonElement.Parse("{}"),
                Target = new TargetSelection { Minions = [.. some], KeyDomain = some.Key.Domain },
                EarliestAt = some.Key.Heard ? null : now + ToConnect,
                Description = "Minions that have not told their grains yet",
            };
            if (await scheduling.ScheduleAsync(order, Actor, cancellationToken) is ScheduleOutcome.Refused refused)
            {
                LogRefused(some.Key.Domain, string.Join("; ", refused.Errors.Select(error => error.Message)));
            }
        }

        return found.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.RefreshNewMinions)
        {
            return;
        }

        using var timer = new PeriodicTimer(Every, clock);
        do
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                if (!outage.Covers(problem))
                {
                    LogProblem(problem);
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Index minion_never_refreshed.</summary>
    internal const string TakeSql = """
        with new as (
            select m.minion_key, c.last_contact_at is not null as heard
            from minion m left join minion_contact c on c.minion_key = m.minion_key
            where key_status = 'accepted' and refreshed_at is null and master_id is not null
              and (refresh_ordered_at is null or refresh_ordered_at < $2::timestamptz
                   or refresh_ordered_at < $4::timestamptz and c.last_contact_at > refresh_ordered_at)
            order by m.minion_key limit $3
            for update of m skip locked)
        update minion m set refresh_ordered_at = $1
        from new n, key_domain d
        where m.minion_key = n.minion_key and d.id = m.key_domain_id
        returning d.name, m.minion_id, n.heard
        """;

    [LoggerMessage(Level = LogLevel.Warning, Message = "No refresh was ordered for new minions of {Domain}: {Why}")]
    private partial void LogRefused(string domain, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "Looking for new minions failed; the next pass looks again")]
    private partial void LogProblem(Exception problem);
}
