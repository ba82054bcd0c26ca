using System.Text.Json;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.ServicePacks;

/// <summary>Writes what was decided about changes of channels, within one transaction.</summary>
internal sealed class ChangeWriting(
    NpgsqlConnection connection, OwnOrders orders, DateTimeOffset now, TimeSpan again)
{
    private const string Actor = "saltern";

    /// <summary>A restart that follows a run begins so long after its end, or within the time of its order.</summary>
    private static readonly TimeSpan RestartWithin = TimeSpan.FromHours(1);

    private static readonly TimeSpan BroughtWithin = TimeSpan.FromDays(30);

    public async Task WriteAsync(
        IReadOnlyList<(LookedAt Change, ChangeStep Step)> decided, CancellationToken cancellationToken)
    {
        await Statement.ExecuteAsync(
            connection, LookedSql,
            [
                decided.Select(one => one.Change.Id).ToArray(), decided.Select(one => one.Change.Seen).ToArray(), now,
            ],
            cancellationToken);
        await ConfirmAsync([.. Of<ChangeStep.Wait>().Select(one => one.Change)], cancellationToken);
        await KeepAsync([.. Of<ChangeStep.Keep>()], cancellationToken);
        await RevertAsync([.. Of<ChangeStep.Revert>()], cancellationToken);
        await AskAsync([.. Of<ChangeStep.Ask>().Select(one => (one.Change, one.Step.Attention))], cancellationToken);
        await CompareAsync(
            [.. Of<ChangeStep.Compare>().Select(one => (one.Change, one.Step.Attention))], cancellationToken);
        foreach (var (change, _) in Of<ChangeStep.Settle>())
        {
            await Statement.ExecuteAsync(connection, RecordedSql, [change.Id, now], cancellationToken);
        }

        foreach (var same in decided
            .Where(one => one.Step is ChangeStep.LookForJob or ChangeStep.Ask { AndForJob: true })
            .Select(one => one.Change).GroupBy(change => change.Action))
        {
            await JobSearch.AskAsync(
                connection, same.Key, [.. same.Select(change => change.Minion)], now, cancellationToken);
        }

        await EndAsync(
            ChangeState.Reverted, Of<ChangeStep.Release>().Select(one => new End(one.Change, null, one.Step.Attention)),
            cancellationToken);

        await NoteAsync(decided, cancellationToken);

        IEnumerable<(LookedAt Change, TStep Step)> Of<TStep>() where TStep : ChangeStep => decided
            .Where(one => one.Step is TStep).Select(one => (one.Change, (TStep)one.Step));
    }

    /// <summary>Each step is in the history of its action: what became of the channels, and of whose.</summary>
    private async Task NoteAsync(
        IReadOnlyList<(LookedAt Change, ChangeStep Step)> decided, CancellationToken cancellationToken)
    {
        var words = decided.Select(one => (one.Change.Action, one.Change.Name, Word: (one.Step, one.Change) switch
        {
            (ChangeStep.Keep { Assign: true }, _) => "channels assigned again",
            (ChangeStep.Keep, _) => "channels kept",
            (ChangeStep.Revert, _) => "channels taken back",
            (ChangeStep.Release, _) => "minion released",
            (ChangeStep.Ask { Attention: null }, var change) => MayAsk(change) ? "minion restarted, asked" : null,
            (ChangeStep.Ask or ChangeStep.Compare, { Facts.State: ChangeState.Open }) => "run unknown, minion asked",
            (ChangeStep.Settle, _) => "result found on the minion",
            (ChangeStep.Wait, { Facts.State: ChangeState.Reverting, Applying.Status: TargetStatus.Completed }) =>
                "channels of before confirmed",
            _ => null,
        }));
        foreach (var same in words.Where(one => one.Word is not null).GroupBy(one => (one.Action, one.Word)))
        {
            await Orders.RecordAsync(
                connection, same.Key.Action, same.Key.Word!, Actor, now,
                JsonSerializer.Serialize(
                    new { changes = same.Count(), minions = same.Select(one => one.Name).Take(20) }),
                cancellationToken);
        }
    }

    /// <summary>Minions that have the channels of before again; where that failed it is tried again later.</summary>
    private async Task ConfirmAsync(IReadOnlyList<LookedAt> waiting, CancellationToken cancellationToken)
    {
        var reverting = waiting.Where(change => change.Facts.State is ChangeState.Reverting).ToList();
        var confirmed = reverting.Where(change => change.Applying?.Status is TargetStatus.Completed).ToList();
        await EndAsync(
            ChangeState.Reverted, confirmed.Select(change => new End(change, null, null)), cancellationToken);

        var failed = reverting.Where(change => IsOver(change.Applying)).Except(confirmed).ToList();
        foreach (var change in failed)
        {
            var why = change.Applying?.Reason ?? "its order is gone";
            await Statement.ExecuteAsync(
                connection, AttentionSql,
                [change.Id, $"the channels of before could not be brought back to the minion: {why}"],
                cancellationToken);
        }

        await ApplyAsync([.. failed.Where(change => change.IsDue)], cancellationToken);
    }

    private async Task KeepAsync(
        IReadOnlyList<(LookedAt Change, ChangeStep.Keep Step)> kept, CancellationToken cancellationToken)
    {
        await EndAsync(
            ChangeState.Kept, kept.Select(one => new End(one.Change, one.Step.Reason, one.Step.Attention)),
            cancellationToken);

        var again = new List<LookedAt>();
        foreach (var (change, _) in kept.Where(one => one.Step.Assign))
        {
            // Where another migration is under way by now, its way back is what this one left behind.
            var other = await Statement.ExecuteAsync(
                connection, WayBackSql, [change.Minion, change.Id, ChannelChanges.Text(change.After)],
                cancellationToken);
            if (other > 0)
            {
                continue;
            }

            var assigned = await Assignments.ReadAsync(connection, [change.Minion], cancellationToken);
            if (SameLabels(assigned.GetValueOrDefault(change.Minion)?.Assigned, change.Before))
            {
                again.Add(change);
                continue;
            }

            await Statement.ExecuteAsync(
                connection, AttentionSql,
                [
                    change.Id, "the minion said after the channels had been taken back that the run did take place; it "
                    + "has been given others since, and they stay",
                ],
                cancellationToken);
        }

        await AssignAsync(again, change => change.After, cancellationToken);
        if (again.Count > 0)
        {
            await orders.WriteAsync(
                connection, ChannelsApplyKind.KindName, new { }, "channels of a migration that did take place", again,
                cancellationToken);
        }

        foreach (var same in kept.Where(one => one.Step.Apply).Select(one => one.Change)
            .GroupBy(change => change.Action))
        {
            await BringAsync([.. same], cancellationToken);
        }

        await FollowUpAsync(
            [.. kept.Where(one => one.Step.Attention is null).Select(one => one.Change)], cancellationToken);
    }

    /// <summary>What a person keeps is brought to the minion, which may be gone for good.</summary>
    private Task BringAsync(IReadOnlyList<LookedAt> kept, CancellationToken cancellationToken) => orders.WriteAsync(
        connection, ChannelsApplyKind.KindName, "channels of a migration that were kept by a person", kept[0].Action,
        [.. kept.Select(change => (change.Minion, change.Name))], now + BroughtWithin, cancellationToken);

    private static bool SameLabels(ChannelAssignment? one, ChannelAssignment? other) =>
        (one?.Labels ?? []).ToHashSet().SetEquals(other?.Labels ?? []);

    /// <summary>After a success: those restart that were ordered to, and what is there then is looked at.</summary>
    private async Task FollowUpAsync(IReadOnlyList<LookedAt> done, CancellationToken cancellationToken)
    {
        var checks = done.Where(change => change.ExpiresAt is not null).Select(Check).ToList();
        if (checks.Count > 0)
        {
            await Statement.ExecuteAsync(
                connection, CheckSql,
                [
                    checks.Select(one => one.Change).ToArray(), checks.Select(one => one.State.ToString()).ToArray(),
                    checks.Select(one => one.RestartBy).ToArray(), checks.Select(one => one.NextBoot).ToArray(), now,
                ],
                cancellationToken);
        }
    }

    private (long Change, CheckState State, DateTimeOffset? RestartBy, bool NextBoot) Check(LookedAt change)
    {
        var restarts = change.RebootAfter && MayRestart(change.Facts);
        var nextBoot = change.Facts.Report is { Transactional: true, Outcome: RunOutcome.Succeeded };
        var state = restarts ? CheckState.Restart : nextBoot ? CheckState.Unread : CheckState.Read;
        return (change.Id, state, restarts ? RestartBy(change) : null, nextBoot);
    }

    /// <summary>What a person keeps may still go on, or be half done.</summary>
    private static bool MayRestart(ChangeFacts facts) => facts is
        { Report.Outcome: RunOutcome.Succeeded } or { Report: null, Target: TargetStatus.Completed };

    private DateTimeOffset? RestartBy(LookedAt change)
    {
        var ended = change.Facts.Report?.Ended is { } told && told < now ? told : now;
        return change.ExpiresAt > ended + RestartWithin ? change.ExpiresAt : ended + RestartWithin;
    }

    private async Task RevertAsync(
        IReadOnlyList<(LookedAt Change, ChangeStep.Revert Step)> reverted, CancellationToken cancellationToken)
    {
        await AssignAsync([.. reverted.Select(one => one.Change)], change => change.Before, cancellationToken);
        await EndAsync(
            ChangeState.Reverted,
            reverted.Where(one => !one.Step.Confirm).Select(one => new End(one.Change, one.Step.Reason, null)),
            cancellationToken);
        var applying = reverted.Where(one => one.Step.Confirm).ToList();
        if (applying.Count > 0)
        {
            await Statement.ExecuteAsync(
                connection, RevertingSql,
                [
                    applying.Select(one => one.Change.Id).ToArray(), applying.Select(one => one.Step.Reason).ToArray(),
                    now,
                ],
                cancellationToken);
        }

        await ApplyAsync([.. applying.Select(one => one.Change)], cancellationToken);
    }

    private async Task AskAsync(
        IReadOnlyList<(LookedAt Change, string? Attention)> asked, CancellationToken cancellationToken)
    {
        await UnknownAsync(asked, cancellationToken);
        foreach (var same in asked.Select(one => one.Change).Where(MayAsk)
            .GroupBy(change => (change.Action, change.RunId)))
        {
            var order = await orders.WriteAsync(
                connection, RunResultKind.KindName, new { runId = same.Key.RunId }, "how a migration has ended",
                [.. same], cancellationToken);
            await AdmitAsync(same, AskedSql, order, [same.Key.Action.Value, order.Value], cancellationToken);
        }

        foreach (var change in asked.Select(one => one.Change).Where(change => !MayAsk(change) && MayAskSoon(change)))
        {
            await Statement.ExecuteAsync(
                connection, SoonSql, [change.Id, change.AskedAt + (again / 5)], cancellationToken);
        }
    }

    private async Task CompareAsync(
        IReadOnlyList<(LookedAt Change, string? Attention)> compared, CancellationToken cancellationToken)
    {
        await UnknownAsync(compared, cancellationToken);
        foreach (var same in compared.Select(one => one.Change)
            .Where(change => change.Comparing is null || IsOver(change.Comparing) && change.IsDue)
            .GroupBy(change => (change.Action, change.RunId)))
        {
            var order = await orders.WriteAsync(
                connection, RunChangesKind.KindName, new { runId = same.Key.RunId }, "what a migration has changed",
                [.. same], cancellationToken);
            await AdmitAsync(same, ComparedSql, order, [same.Key.Action.Value, order.Value], cancellationToken);
        }
    }

    private async Task UnknownAsync(
        IReadOnlyList<(LookedAt Change, string? Attention)> unknown, CancellationToken cancellationToken)
    {
        var told = unknown.Where(one => one.Attention is not null).ToList();
        if (told.Count > 0)
        {
            await Statement.ExecuteAsync(
                connection, UnknownSql,
                [told.Select(one => one.Change.Id).ToArray(), told.Select(one => one.Attention).ToArray()],
                cancellationToken);
        }
    }

    /// <summary>
    /// One that is still on its way is enough, and one that was answered is not asked again at once, unless the minion
    /// has connected anew since: one that does so all the time is asked as often as any.
    /// </summary>
    private bool MayAsk(LookedAt change) => change.Asking is null
        || IsOver(change.Asking) && (change.IsDue || MayAskSoon(change) && !(change.AskedAt > now - (again / 5)));

    /// <summary>However late the next question would be: what is known is of before it connected.</summary>
    private static bool MayAskSoon(LookedAt change) =>
        IsOver(change.Asking) && change.Facts is { StartedAnew: true, AskedSince: false };

    /// <summary>Brings minions what is assigned to them, before anything else.</summary>
    private async Task ApplyAsync(IReadOnlyList<LookedAt> changes, CancellationToken cancellationToken)
    {
        foreach (var same in changes.GroupBy(change => change.Action))
        {
            var order = await orders.WriteAsync(
                connection, ChannelsApplyKind.KindName, new { }, "channels of before a migration", [.. same],
                cancellationToken);
            await AdmitAsync(same, AppliedSql, order, [order.Value], cancellationToken);
        }
    }

    private async Task AdmitAsync(
        IEnumerable<LookedAt> changes, string sql, ActionId order, long[] admitted,
        CancellationToken cancellationToken)
    {
        await Statement.ExecuteAsync(
            connection, sql, [changes.Select(change => change.Id).ToArray(), order.Value, now, again],
            cancellationToken);
        await Statement.ExecuteAsync(
            connection, AdmitSql, [changes.Select(change => change.Minion).ToArray(), admitted], cancellationToken);
    }

    private async Task AssignAsync(
        IReadOnlyCollection<LookedAt> changes, Func<LookedAt, ChannelAssignment?> which,
        CancellationToken cancellationToken)
    {
        foreach (var one in changes.GroupBy(change => change.Action))
        {
            await Assignments.SetAsync(
                connection, [.. one.Select(change => (new MinionKey(change.Minion), which(change)))],
                $"{Actor}, for action {one.Key}", now, cancellationToken);
        }
    }

    private async Task EndAsync(
        ChangeState state, IEnumerable<End> ended, CancellationToken cancellationToken)
    {
        var all = ended.ToList();
        if (all.Count == 0)
        {
            return;
        }

        await Statement.ExecuteAsync(
            connection, EndSql,
            [
                all.Select(one => one.Change.Id).ToArray(), all.Select(one => one.Reason).ToArray(),
                all.Select(one => one.Attention).ToArray(), state.ToString(), now,
            ],
            cancellationToken);
        // One that is decided anew has no hold any more: it would be that of another change.
        await Statement.ExecuteAsync(
            connection, ReleaseSql,
            [
                all.Where(one => one.Change.Facts.State is not ChangeState.Reverted).Select(one => one.Change.Minion)
                    .ToArray(),
            ],
            cancellationToken);
    }

    private sealed record End(LookedAt Change, string? Reason, string? Attention);

    private static bool IsOver((ActionId Action, TargetStatus? Status, string? Reason)? order) =>
        order is not { Status: TargetStatus.Queued or TargetStatus.PickedUp };

    internal const string LookedSql = """
        update channel_change c
        set seen = l.seen, due_at = case when c.due_at > $3::timestamptz then c.due_at end
        from unnest($1::bigint[], $2::text[]) as l(id, seen) where c.id = l.id
        """;

    internal const string EndSql = """
        update channel_change c
        set state = $4, ended_at = $5, decided_at = coalesce(c.decided_at, $5), reason = coalesce(e.reason, c.reason),
            attention = e.attention
        from unnest($1::bigint[], $2::text[], $3::text[]) as e(id, reason, attention) where c.id = e.id
        """;

    internal const string RevertingSql = """
        update channel_change c
        set state = 'Reverting', decided_at = $3::timestamptz, reason = r.reason, attention = null
        from unnest($1::bigint[], $2::text[]) as r(id, reason) where c.id = r.id
        """;

    internal const string UnknownSql = """
        update channel_change c set state = 'Unknown', attention = u.attention
        from unnest($1::bigint[], $2::text[]) as u(id, attention) where c.id = u.id
        """;

    internal const string AttentionSql = "update channel_change set attention = $2 where id = $1";

    /// <summary>Each pause is a quarter of the time since the beginning: ever fewer questions, however long.</summary>
    private const string EverLater =
        "$3::timestamptz + greatest($4::interval / 5, ($3::timestamptz - recorded_at) / 4)";

    internal const string AskedSql = $"""
        update channel_change set ask_action_id = $2, asked_at = $3, due_at = {EverLater} where id = any($1::bigint[])
        """;

    internal const string SoonSql = """
        update channel_change set due_at = least(due_at, $2::timestamptz) where id = $1
        """;

    internal const string ComparedSql = $"""
        update channel_change set compare_action_id = $2, due_at = {EverLater} where id = any($1::bigint[])
        """;

    /// <summary>The longer nothing comes of it, the later it is given again.</summary>
    internal const string AppliedSql = """
        update channel_change
        set apply_action_id = $2,
            due_at = $3::timestamptz + greatest($4::interval, ($3::timestamptz - recorded_at) / 20)
        where id = any($1::bigint[])
        """;

    /// <summary>
    /// What the minion has on record, put into the job cache as if the attempt that is out had returned it: it is
    /// settled, shown and kept as any return, and the return itself, should it still come, is a repeat of it.
    /// </summary>
    internal const string RecordedSql = """
        insert into salt.salt_returns (fun, jid, return, id, success, full_ret, alter_time)
        select 'state.apply', s.jid, r.return, m.minion_id, 'true',
               json_build_object(
                   'cmd', '_return', 'id', m.minion_id, 'jid', s.jid, 'fun', 'state.apply',
                   'fun_args', json_build_array('saltern.distupgrade'), 'success', true, 'retcode', 0,
                   'return', r.return),
               $2
        from channel_change c
        join minion m on m.minion_key = c.minion_key
        join action_target t on t.action_id = c.action_id and t.minion_key = c.minion_key and t.status = 'PickedUp'
        join submission s on s.id = t.submission_id
        join action_target k on k.action_id = c.ask_action_id and k.minion_key = c.minion_key
          and k.status = 'Completed'
        join submission q on q.id = k.submission_id
        join salt.salt_returns r on r.jid = q.jid and r.id = m.minion_id and r.alter_time = k.returned_at
        where c.id = $1 and not exists (select 1 from salt.salt_returns x where x.jid = s.jid and x.id = m.minion_id)
        limit 1
        """;

    /// <summary>The run itself may still go on: it is admitted with the question.</summary>
    internal const string AdmitSql = """
        update minion_hold set admits = $2::bigint[] where minion_key = any($1::bigint[])
        """;

    internal const string CheckSql = """
        insert into migration_check (change_id, action_id, minion_key, state, since, restart_by, next_boot, checked_at,
                                     reason)
        select c.id, c.action_id, c.minion_key, d.state, $5::timestamptz, d.restart_by, d.next_boot, $5,
               case when d.state = 'Unread' then 'what it changed is there after the next boot' end
        from unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::boolean[])
            as d(id, state, restart_by, next_boot)
        join channel_change c on c.id = d.id
        on conflict (change_id) do nothing
        """;

    internal const string WayBackSql = """
        update channel_change set before = $3::jsonb
        where minion_key = $1 and id <> $2 and state in ('Open', 'Unknown', 'Reverting')
        """;

    internal const string ReleaseSql = "delete from minion_hold where minion_key = any($1::bigint[])";
}
