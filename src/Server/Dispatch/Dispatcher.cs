using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;
using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>
/// Hands out what is due. Each master is served by itself, so that one that is down, paused or slow holds up only its
/// own minions. A pass is bounded by the master's limits: what does not fit now is found by the next one.
/// </summary>
internal sealed class Dispatcher(
    NpgsqlDataSource database,
    SaltMasters salt,
    Masters masters,
    Claiming claiming,
    Asking asking,
    Submitting submitting,
    TakingOver takingOver,
    OutcomeRecording outcomes,
    Resolving resolving,
    Expiry expiry,
    IOptions<DispatchOptions> options,
    TimeProvider clock)
{
    /// <summary>A node that looks whether a master is back has a login's time-out for it, and so much more.</summary>
    private static readonly TimeSpan ProbeGrace = TimeSpan.FromSeconds(5);

    /// <summary>One pass over everything. Returns how many submissions were handed over or taken over.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        await StartAndExpireAsync(cancellationToken);
        var handed = await Task.WhenAll(salt.Options.Select(master => ServeAsync(master, cancellationToken)));
        return handed.Sum();
    }

    /// <summary>What no master is needed for: skip what has expired, find the minions of what starts now.</summary>
    public async Task StartAndExpireAsync(CancellationToken cancellationToken)
    {
        while (await expiry.RunOnceAsync(cancellationToken) > 0)
        {
            // Each turn ends a bounded number of targets.
        }

        while (await resolving.RunOnceAsync(cancellationToken))
        {
            // Each turn resolves one action that has become due.
        }
    }

    /// <summary>
    /// When a pass should be made even if no bell rings: the next due action, busy minion, ask or lease. The look
    /// begins where the last pass did: what fell due while it ran, it may have missed by a moment.
    /// </summary>
    public async Task<DateTimeOffset?> NextDueAsync(DateTimeOffset passBegan, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = Statement.Of(connection, NextDueSql, passBegan, clock.GetUtcNow() - passBegan);
        return await command.ExecuteScalarAsync(cancellationToken) switch
        {
            DateTime next => new DateTimeOffset(next, TimeSpan.Zero),
            _ => null,
        };
    }

    /// <summary>One pass for one master; how long another master takes to answer does not matter to it.</summary>
    public async Task<int> ServeAsync(SaltMasterOptions settings, CancellationToken cancellationToken)
    {
        var master = await ReadMasterAsync(settings, cancellationToken);
        if (master is null || !salt.TryGet(settings.Name, out var api))
        {
            return 0;
        }

        var maySend = !master.Paused && !(master.UnavailableUntil > clock.GetUtcNow())
            && (master.IsUp || await IsBackAsync(master, settings, api, cancellationToken));
        // Evidence lies in the job cache: it is looked for whatever the state of the master.
        var taken = await takingOver.RunOnceAsync(master, api, maySend, cancellationToken);
        if (maySend)
        {
            return taken + await HandOutAsync(master, settings, api, cancellationToken);
        }

        // What was asked through it and is lost may be asked elsewhere: its minions may have moved.
        await asking.ForgetLostAsync(master, cancellationToken);
        return taken;
    }

    /// <summary>
    /// A master that was not up is asked by a login before anything is claimed for it, by one node.
    /// </summary>
    private async Task<bool> IsBackAsync(
        MasterState master, SaltMasterOptions settings, ISaltApi api, CancellationToken cancellationToken)
    {
        if (!await masters.ClaimProbeAsync(master.Name, settings.LoginTimeout + ProbeGrace, cancellationToken))
        {
            return false;
        }

        switch (await api.ProbeAsync(cancellationToken))
        {
            case SaltAnswer<MasterProbe>.Given { Value.HasRights: true }:
                await masters.ReportReachableAsync(master.Name, cancellationToken);
                return true;
            case SaltAnswer<MasterProbe>.Failed failed:
                await masters.ReportDownAsync(
                    master.Name,
                    failed.Cause == SaltFailure.NotAllowed ? NotSentCause.NotAllowed : NotSentCause.Unreachable,
                    failed.Reason, cancellationToken);
                return false;
            default:
                await masters.ReportDownAsync(
                    master.Name, NotSentCause.NotAllowed,
                    "the login succeeds, but external_auth lists no right for this user", cancellationToken);
                return false;
        }
    }

    private async Task<int> HandOutAsync(
        MasterState master, SaltMasterOptions settings, ISaltApi api, CancellationToken cancellationToken)
    {
        var asks = await asking.ClaimAsync(master, settings, cancellationToken);
        var claimed = await claiming.ClaimAsync(master, settings, cancellationToken);
        var handed = new ConcurrentQueue<(SubmissionId Id, bool IsAsk)>(
            [.. asks.Select(one => (one, true)), .. claimed.Select(one => (one, false))]);
        var count = handed.Count;
        string? trouble = null;
        await Task.WhenAll(Enumerable.Range(0, options.Value.CallsAtATime).Select(async _ =>
        {
            while (handed.TryDequeue(out var submission))
            {
                if (trouble is not null)
                {
                    // Those left would run into the same, each for as long as a call may take.
                    await outcomes.GiveBackUnsentAsync(submission.Id, submission.IsAsk, trouble, cancellationToken);
                    continue;
                }

                trouble = await submitting.SendAsync(submission.Id, 0, master, api, cancellationToken) switch
                {
                    SubmitOutcome.NotSent { Reason: var reason } => reason,
                    SubmitOutcome.Unclear { Reason: var reason } => reason,
                    _ => trouble,
                };
            }
        }));
        return count;
    }

    private async Task<MasterState?> ReadMasterAsync(
        SaltMasterOptions settings, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var states = await Statement.QueryAsync(
            connection, MasterSql, [settings.Name],
            row => new MasterState(
                row.GetInt32(0), row.GetString(1), row.GetBoolean(2), row.GetBoolean(3),
                row.IsDBNull(4) ? null : row.GetFieldValue<DateTimeOffset>(4), row.GetInt32(5) > 0,
                settings.MasterTimeout),
            cancellationToken);
        return states.Count == 0 ? null : states[0];
    }

    internal const string MasterSql = """
        select m.id, m.name, m.paused_at is not null or p.paused_at is not null, m.health = 'up', m.unavailable_until,
               m.failures
        from master m cross join dispatch_pause p
        where m.name = $1
        """;

    /// <summary>
    /// $2 is how long ago $1 was; leases live by the database's clock. Indexes action_due, action_target_held_back,
    /// submission_undecided, ask_due.
    /// </summary>
    internal const string NextDueSql = """
        select least(
            (select min(earliest_at) from action where status in ('Scheduled', 'Running') and earliest_at > $1),
            (select min(a.expires_at) from action a join action_counts c on c.action_id = a.id
             where a.status in ('Scheduled', 'Running', 'Halted') and c.queued > 0 and a.expires_at > $1),
            (select min(not_before) from action_target where status = 'Queued' and not_before > $1),
            (select min(lease_until) + interval '10 ms' from submission
             where outcome is null and lease_until > now() - $2::interval),
            (select min(unavailable_until) from master where unavailable_until > $1),
            (select min(probe_until) from master where probe_until > $1),
            (select min(k.due_at) from ask k
             join action_target t on t.action_id = k.action_id and t.minion_key = k.minion_key
             where k.answered_at is null and k.submission_id is null and k.due_at > $1
               and t.status in ('Queued', 'PickedUp')),
            (select min(deadline_at) from submission where is_ask and outstanding + waiting > 0 and deadline_at > $1))
        """;
}
