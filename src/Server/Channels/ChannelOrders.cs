using Microsoft.Extensions.Logging;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Channels;

/// <summary>What people say about channels: which stand for others, and who serves them.</summary>
internal sealed partial class ChannelOrders(
    NpgsqlDataSource database, TimeProvider clock, ILogger<ChannelOrders> logger)
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

    [LoggerMessage(LogLevel.Information, "{Actor} made the channel {Label} a clone of {Original} in {Family}")]
    private partial void LogCloned(string actor, string label, string original, string family);

    [LoggerMessage(LogLevel.Information, "{Actor} deleted the clone {Label}")]
    private partial void LogCloneDeleted(string actor, string label);

    [LoggerMessage(LogLevel.Information, "{Actor} set {Count} mirrors")]
    private partial void LogMirrors(string actor, int count);
}
