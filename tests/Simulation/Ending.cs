using System.Globalization;
using Npgsql;
using Saltern.Chaos;
using Saltern.Server.Actions;
using Saltern.Simulator.Ledger;

namespace Saltern.Simulation;

/// <summary>The faults stop: everything settles, and is as the minions know it.</summary>
internal sealed class Ending(World world, Orders orders, FaultSteps faults, Passes passes)
{
    private const int MostRounds = 160;
    private const int ShortRounds = 12;

    private static readonly string[] Waiting = ["Queued", "PickedUp"];

    public async Task RunAsync()
    {
        world.Note("the faults stop");
        await faults.HealAsync();
        await ResumeAsync();
        await SettleAsync();
        await passes.RevisitAsync(world.Nodes[0]);
        List<string> wrong = [];
        if (world.Migrates)
        {
            // What the search has found may be the proof of a run that counted as none.
            await SettleAsync();
            var ending = new MigrationEnding(world);
            await ending.ApplyAsync();
            await SettleAsync();
            wrong.AddRange(await ending.JudgeAsync());
        }

        Judged(await TargetsAsync(), wrong);
    }

    private async Task SettleAsync()
    {
        var round = 0;
        for (; await IsUnsettledAsync(); round++)
        {
            Watch.Require(round < MostRounds, $"it does not settle: {await HangingAsync()}");
            // A node that sleeps in one of its passes goes on with the others: with long steps between them, what one
            // node was told would be too old for the other.
            foreach (var node in round < ShortRounds ? [world.Nodes[round % world.Nodes.Count]] : world.Nodes.ToArray())
            {
                await passes.RunAllAsync(node);
            }

            await world.PassTimeAsync(round < ShortRounds ? TimeSpan.FromSeconds(7) : TimeSpan.FromMinutes(4));
            await world.Watch.CheckAsync(reschedules: false);
        }

        world.Note(string.Create(CultureInfo.InvariantCulture, $"all has settled, {round} rounds"));
    }

    private async Task<bool> IsUnsettledAsync() => await UnfinishedAsync() > 0
        || world.Masters.Any(IsBusy) || (world.Migrates && await Passes.DecideAsync(world.Nodes[0]));

    /// <summary>The first orders may meet connections that a fault has ended.</summary>
    private async Task ResumeAsync()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await orders.ResumeAsync(world.Nodes[0]);
                return;
            }
            catch (NpgsqlException) when (tries < 10)
            {
                world.Note("  the order was cut off");
            }
        }
    }

    /// <summary>Something is still to happen at a master: a return on its way counts for what it tells.</summary>
    private static bool IsBusy(MasterInWorld master) => master.Simulated.Counts.Pending > 0;

    private void Judged(List<TargetEnd> targets, List<string> alsoWrong)
    {
        var runs = world.Masters.SelectMany(master => master.Simulated.Ledger.Page(0, int.MaxValue)
                .Select(run => (Key: (master.Name, run.MinionId, run.Jid), run)))
            .ToDictionary(one => one.Key, one => one.run);
        var clear = targets.Where(target => !IsGarbled(target) && !IsProvenUnrun(target, runs)
            && !IsUnansweredReboot(target, runs)).ToList();
        var left = targets.Except(clear)
            .SelectMany(target => target.Attempts.Select(attempt => (target.Master, target.Minion, attempt.Jid)))
            .ToHashSet();
        var known = runs.Where(run => !left.Contains(run.Key)).ToDictionary(run => run.Key, run => run.Value);
        var jobs = targets.SelectMany(target => target.Attempts).Select(attempt => attempt.Jid).ToHashSet();
        var verdict = Judge.Of([.. clear.Select(WithPermitted)], known, jobs);
        var wrong = verdict.Lost.Concat(verdict.RunTwice).Concat(verdict.WrongStatus).ToList();
        wrong.AddRange(alsoWrong);
        wrong.AddRange(orders.Acknowledged
            .Where(order => targets.Count(target => target.Action == order.Key.Value) != order.Value)
            .Select(order => $"action {order.Key} with {order.Value} targets was acknowledged and is not there"));
        wrong.AddRange(targets.Where(target => Waiting.Contains(target.Status)).Select(target => $"{target}"));
        Watch.Require(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>
    /// A reboot that failed since the minion's boot id is the same: it did not reboot, and that is no guess.
    /// </summary>
    private static bool IsProvenUnrun(
        TargetEnd target, Dictionary<(string Master, string Minion, string Jid), LedgerEntry> runs) =>
        target is { Status: "Failed", Guessed: false, Reason: not null }
        && target.Reason.StartsWith("the boot id is still the one", StringComparison.Ordinal)
        && !target.Attempts.Any(attempt => runs.GetValueOrDefault((target.Master, target.Minion, attempt.Jid))
            is { Outcome: LedgerOutcome.Ended });

    /// <summary>
    /// The return of a reboot settles nothing: whether it rebooted is asked, and may stay unanswered.
    /// </summary>
    private static bool IsUnansweredReboot(
        TargetEnd target, Dictionary<(string Master, string Minion, string Jid), LedgerEntry> runs) =>
        target is { Status: "Failed", Guessed: true }
        && target.Attempts.Any(attempt => runs.GetValueOrDefault((target.Master, target.Minion, attempt.Jid))
            is { Function: "system.reboot" });

    private bool IsGarbled(TargetEnd target) => faults.Garbled.Contains((target.Master, target.Minion));

    /// <summary>
    /// A user who orders several attempts of what is not safe to repeat permits as many runs as attempts; that no more
    /// than one of them comes to its end is looked at after each step.
    /// </summary>
    private TargetEnd WithPermitted(TargetEnd target)
    {
        var most = target.Attempts.Select(attempt => world.Watch.Sent.GetValueOrDefault(attempt.Jid)?.MostAttempts ?? 1)
            .DefaultIfEmpty(1).Max();
        return target with { Reschedules = ((1 + target.Reschedules) * most) - 1 };
    }

    private async Task<long> UnfinishedAsync() => await world.Database.ScalarAsync<long>("""
        select (select count(*) from action_target where status in ('Queued', 'PickedUp'))
             + (select count(*) from inbox)
             + (select count(*) from channel_change where state not in ('Kept', 'Reverted'))
             + (select count(*) from minion_hold)
        """);

    private async Task<string> HangingAsync() => string.Join('\n', (await world.QueryAsync(
        """
        select format('action %s (%s) minion %s: %s, %s; submission %s; asks %s', t.action_id, a.kind, m.minion_id,
                      t.status, t.reason, s, array(select k from ask k
                          where k.action_id = t.action_id and k.minion_key = t.minion_key))
        from action_target t join action a on a.id = t.action_id join minion m on m.minion_key = t.minion_key
        left join submission s on s.id = t.submission_id
        where t.status in ('Queued', 'PickedUp')
        union all
        select format('%s', c) from channel_change c where c.state not in ('Kept', 'Reverted')
        union all
        select format('held: %s', h) from minion_hold h
        """,
        row => row.GetString(0))).Append($"{await UnfinishedAsync()} in all, pending at masters: " + string.Join(
            ',', world.Masters.Select(master =>
                master.Simulated.Counts.Pending.ToString(CultureInfo.InvariantCulture)))));

    private async Task<List<TargetEnd>> TargetsAsync()
    {
        var rows = await world.QueryAsync(Tables.TargetsSql, Tables.ReadTarget);
        return Tables.WithAttempts(rows);
    }
}
