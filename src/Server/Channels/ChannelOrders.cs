using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Channels;

/// <summary>What people say about channels: which stand for others, who serves them, which minions have them.</summary>
internal sealed partial class ChannelOrders(
    NpgsqlDataSource database, Transactions transactions, TimeProvider clock, ILogger<ChannelOrders> logger)
{
    private const int MostMirrors = 1_000;
    private const int LongestName = 100;
    private const int LongestUrl = 2_000;

    /// <summary>Records that a channel stands for another; the label and (original, family) must be free.</summary>
    public async Task<ChannelOutcome> CreateCloneAsync(
        ChannelClone clone, string actor, CancellationToken cancellationToken)
    {
        if (Check(clone) is { } refused)
        {
            return refused;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var state = (await Statement.QueryAsync(
            connection, CreateCloneSql,
            [clone.Label, clone.Original, clone.Family, clone.Url, actor, clock.GetUtcNow()],
            row => (Known: row.GetBoolean(0), Taken: row.GetBoolean(1), Made: row.GetBoolean(2)),
            cancellationToken))[0];
        if (!state.Known)
        {
            return new ChannelOutcome.Refused("original", $"There is no imported channel '{clone.Original}'.");
        }

        if (state.Taken)
        {
            return new ChannelOutcome.Refused("label", $"There is an imported channel '{clone.Label}' already.");
        }

        if (!state.Made)
        {
            return new ChannelOutcome.Refused(
                "label", $"There is a clone '{clone.Label}' already, or one of '{clone.Original}' in the family "
                + $"'{clone.Family}'.");
        }

        LogCloned(actor, clone.Label, clone.Original, clone.Family);
        return new ChannelOutcome.Done();
    }

    public async Task<ChannelOutcome> DeleteCloneAsync(
        string label, string actor, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        if (!ChannelLabel.IsOne(label)
            || await Statement.ExecuteAsync(connection, DeleteCloneSql, [label], cancellationToken) == 0)
        {
            return new ChannelOutcome.NotFound();
        }

        LogCloneDeleted(actor, label);
        return new ChannelOutcome.Done();
    }

    /// <summary>Replaces all mirrors.</summary>
    public async Task<ChannelOutcome> SetMirrorsAsync(
        IReadOnlyList<ChannelMirror> mirrors, string actor, CancellationToken cancellationToken)
    {
        if (Check(mirrors) is { } refused)
        {
            return refused;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, SetMirrorsSql,
            [mirrors.Select(one => one.Prefix).ToArray(), mirrors.Select(one => one.Target).ToArray()],
            cancellationToken);
        LogMirrors(actor, mirrors.Count);
        return new ChannelOutcome.Done();
    }

    /// <summary>Sets what is on record for a minion, or takes it away (null); nothing is done on the minion.</summary>
    public async Task<ChannelOutcome> AssignAsync(
        MinionKey minion, ChannelAssignment? assigned, string actor, CancellationToken cancellationToken)
    {
        if (assigned is not null && await CheckAsync(assigned, cancellationToken) is { } refused)
        {
            return refused;
        }

        var held = await transactions.RunAsync(
            async (connection, transaction) =>
            {
                await Assignments.SetAsync(
                    connection, [(minion, assigned)], actor, clock.GetUtcNow(), cancellationToken);
                // Behind the minion's lock: a migration that begins at this moment is seen, or sees this.
                var holds = await Statement.QueryAsync(
                    connection, HeldSql, [minion.Value], row => row.GetString(0), cancellationToken);
                if (holds.Count == 0)
                {
                    await transaction.CommitAsync(cancellationToken);
                }

                return holds.Count == 0 ? null : holds[0];
            },
            cancellationToken);
        if (held is not null)
        {
            return new ChannelOutcome.Refused("base", $"Nothing was changed: {held}.");
        }

        LogAssigned(actor, minion, assigned?.BaseLabel, assigned?.ChildLabels.Count ?? 0);
        return new ChannelOutcome.Done();
    }

    private async Task<ChannelOutcome.Refused?> CheckAsync(
        ChannelAssignment assigned, CancellationToken cancellationToken)
    {
        if (assigned.Labels.FirstOrDefault(label => !ChannelLabel.IsOne(label)) is { } odd)
        {
            return new("children", $"'{odd.Replace('\0', '?')}' is no label; {ChannelLabel.Allowed}");
        }

        if (assigned.Labels.CountBy(label => label).Where(label => label.Value > 1).ToList() is [var twice, ..])
        {
            return new("children", $"'{twice.Key}' is named twice.");
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var known = await Statement.QueryAsync(
            connection, KnownSql, [assigned.Labels.ToArray()],
            row => (Label: row.GetString(0), Parent: row.TextOrNull(1)), cancellationToken);
        var unknown = assigned.Labels.Except(known.Select(one => one.Label)).ToList();
        if (unknown.Count > 0)
        {
            return new(
                unknown[0] == assigned.BaseLabel ? "base" : "children",
                $"There is no channel {string.Join(", ", unknown.Take(TargetSelector.MostNamesListed))}.");
        }

        return known.First(one => one.Label == assigned.BaseLabel).Parent is { } parent
            ? new("base", $"'{assigned.BaseLabel}' is no base channel: it is a child of '{parent}'.")
            : null;
    }

    private static ChannelOutcome.Refused? Check(ChannelClone clone)
    {
        if (!ChannelLabel.IsOne(clone.Label))
        {
            return new("label", ChannelLabel.Allowed);
        }

        if (!ChannelLabel.IsOne(clone.Original))
        {
            return new("original", ChannelLabel.Allowed);
        }

        if (clone.Family is not { Length: > 0 and <= LongestName } || !ChannelLabel.IsOne(clone.Family))
        {
            return new("family", $"A name that clones which belong together share is needed; {ChannelLabel.Allowed}");
        }

        return IsUrl(clone.Url) ? null : new("url", "An address such as https://host/path/ is needed.");
    }

    private static ChannelOutcome.Refused? Check(IReadOnlyList<ChannelMirror> mirrors)
    {
        if (mirrors.Count > MostMirrors)
        {
            return new("mirrors", $"{mirrors.Count} are too many; up to {MostMirrors} are allowed.");
        }

        if (mirrors.FirstOrDefault(one => !IsUrl(one.Prefix) || !IsUrl(one.Target)) is { } odd)
        {
            return new("mirrors", $"'{odd.Prefix.Replace('\0', '?')}' or its target is no address such as "
                + "https://host/path/.");
        }

        if (mirrors.FirstOrDefault(one => one.Prefix.EndsWith('/') != one.Target.EndsWith('/')) is { } uneven)
        {
            return new("mirrors", $"Of '{uneven.Prefix}' and its target one ends with a slash: both or none should.");
        }

        return mirrors.CountBy(one => one.Prefix).Where(one => one.Value > 1).ToList() is [var twice, ..]
            ? new("mirrors", $"'{twice.Key}' is given twice.")
            : null;
    }

    /// <summary>Credentials in it would be shown to whoever may read.</summary>
    private static bool IsUrl(string text) => text.Length <= LongestUrl && StorableText.FirstOdd(text) is null
        && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.UserInfo.Length == 0;

    internal const string CreateCloneSql = """
        with seen as (
            select exists (select from software_channel where label = $2::text) as known,
                   exists (select from software_channel where label = $1::text) as taken),
        made as (
            insert into channel_clone (label, original, family, url, created_by, created_at)
            select $1::text, $2::text, $3::text, $4::text, $5::text, $6::timestamptz from seen
            where known and not taken
            on conflict do nothing returning label)
        select known, taken, exists (select from made) from seen
        """;

    internal const string DeleteCloneSql = "delete from channel_clone where label = $1";

    internal const string SetMirrorsSql = """
        with told as materialized (select * from unnest($1::text[], $2::text[]) as t(prefix, target)),
        gone as (delete from channel_mirror m where not exists (select from told t where t.prefix = m.prefix))
        insert into channel_mirror (prefix, target) select prefix, target from told order by prefix
        on conflict (prefix) do update set target = excluded.target
        """;

    /// <summary>A clone has the parent of what it stands for.</summary>
    internal const string HeldSql = "select reason from minion_hold where minion_key = $1";

    internal const string KnownSql = """
        select w.label, min(c.parent_label)
        from unnest($1::text[]) as w(label)
        left join channel_clone k on k.label = w.label
        join software_channel c on c.label = coalesce(k.original, w.label)
        group by w.label
        """;

    [LoggerMessage(LogLevel.Information, "{Actor} made the channel {Label} a clone of {Original} in {Family}")]
    private partial void LogCloned(string actor, string label, string original, string family);

    [LoggerMessage(LogLevel.Information, "{Actor} deleted the clone {Label}")]
    private partial void LogCloneDeleted(string actor, string label);

    [LoggerMessage(LogLevel.Information, "{Actor} set {Count} mirrors")]
    private partial void LogMirrors(string actor, int count);

    [LoggerMessage(LogLevel.Information, "{Actor} assigned {Base} and {Children} children to minion {Minion}")]
    private partial void LogAssigned(string actor, MinionKey minion, string? @base, int children);
}
