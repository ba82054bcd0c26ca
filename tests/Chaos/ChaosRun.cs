using Npgsql;
using Saltern.Chaos.Migrations;
using Saltern.Simulator.Ledger;

namespace Saltern.Chaos;

/// <summary>
/// One run: orders and faults beside each other, then calm, then the wait until every target is final, then the
/// comparison with the ledgers.
/// </summary>
internal static class ChaosRun
{
    public static async Task<ChaosResult> RunAsync(
        ChaosOptions options, TimeProvider clock, Action<string> say, CancellationToken cancellationToken)
    {
        await using var stage = await Stage.StartAsync(options, clock, cancellationToken);
        say($"{options.Nodes} nodes, {stage.Masters.Count} masters with {options.Minions} minions each; what they "
            + $"print is in {stage.Folder} until all turns out to be right");
        var driver = new FaultDriver(stage, options, clock, say);
        using var orders = new OrderStream(stage, OrderPlan.For(options), options, clock, say);
        using var migrations = new OrderStream(stage, MigrationPlan.For(options), options, clock, say);
        await Task.WhenAll(
            driver.RunAsync(cancellationToken), orders.RunAsync(cancellationToken),
            migrations.RunAsync(cancellationToken));
        await driver.CalmAsync(cancellationToken);
        say("the faults have ended");
        var tables = new Tables(stage.Database);
        var settled = await SettleAsync(stage, tables, options, clock, say, cancellationToken);
        var minions = await new LastLook(stage, options, clock).TakeAsync(cancellationToken);
        var targets = await tables.ReadTargetsAsync(cancellationToken);
        var verdict = Judge.Of(
            targets, await ReadLedgersAsync(stage, cancellationToken), await tables.ReadJobsAsync(cancellationToken));
        MigrationJudge.Judge(minions, verdict);
        verdict.Lost.AddRange(await tables.MissingAsync(
            [.. orders.Acknowledged, .. migrations.Acknowledged], cancellationToken));
        verdict.WrongStatus.AddRange(await tables.WrongCountsAsync(cancellationToken));
        stage.Keeps = !verdict.IsRight;
        return new ChaosResult
        {
            Options = options,
            Verdict = verdict,
            Actions = targets.Select(target => target.Action).Distinct().Count(),
            Targets = targets.Count,
            Statuses = targets.CountBy(target => target.Status).ToDictionary(),
            Faults = driver.Injected,
            Orders = (
                orders.Taken + migrations.Taken, orders.Refused + migrations.Refused,
                orders.Unanswered + migrations.Unanswered),
            SettledAfter = settled,
        };
    }

    private static async Task<TimeSpan?> SettleAsync(
        Stage stage, Tables tables, ChaosOptions options, TimeProvider clock, Action<string> say,
        CancellationToken cancellationToken)
    {
        var calm = clock.GetTimestamp();
        var (told, moved, least) = (calm, calm, long.MaxValue);
        var all = false;
        await Patience.TryUntilAsync(
            async () =>
            {
                var left = await CountAsync(tables, cancellationToken);
                (moved, least) = left < least ? (clock.GetTimestamp(), left) : (moved, least);
                if (left > 0 && clock.GetElapsedTime(told) > TimeSpan.FromSeconds(10))
                {
                    told = clock.GetTimestamp();
                    say($"{left} targets and returns are left");
                }

                all = left == 0;
                return all || clock.GetElapsedTime(moved) > options.StillAfter;
            },
            TimeSpan.FromHours(1), clock, cancellationToken);
        var took = clock.GetElapsedTime(calm);
        // What a minion still runs or delivers may put a guess right; then the tables are still once more.
        await Patience.TryUntilAsync(
            async () => (await Task.WhenAll(stage.Masters.Select(
                master => master.PendingAsync(cancellationToken)))).Sum() == 0,
            TimeSpan.FromSeconds(30), clock, cancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(2), clock, cancellationToken);
        await Patience.TryUntilAsync(
            async () => await CountAsync(tables, cancellationToken) == 0, TimeSpan.FromSeconds(all ? 30 : 0), clock,
            cancellationToken);
        return all ? took : null;
    }

    private static async Task<long> CountAsync(Tables tables, CancellationToken cancellationToken)
    {
        try
        {
            return await tables.UnfinishedAsync(cancellationToken);
        }
        catch (NpgsqlException)
        {
            // It has just been started again.
            return long.MaxValue;
        }
    }

    private static async Task<Dictionary<(string Master, string Minion, string Jid), LedgerEntry>> ReadLedgersAsync(
        Stage stage, CancellationToken cancellationToken)
    {
        var runs = new Dictionary<(string Master, string Minion, string Jid), LedgerEntry>();
        foreach (var master in stage.Masters)
        {
            foreach (var entry in await master.ReadLedgerAsync(cancellationToken))
            {
                runs.Add((master.Name, entry.MinionId, entry.Jid), entry);
            }
        }

        return runs;
    }
}
