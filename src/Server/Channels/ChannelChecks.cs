using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;

namespace Saltern.Server.Channels;

/// <summary>
/// Checks the channels that somebody wants to be checked, some at a time. A wish is a row by address; a node takes some
/// of them for as long as their answers may take, and another node takes them over when that time is past.
/// </summary>
internal sealed partial class ChannelChecks(
    NpgsqlDataSource database,
    RepositoryProbe probe,
    IOptions<ChannelsOptions> options,
    TimeProvider clock,
    Outage outage,
    ILogger<ChannelChecks> log)
    : BackgroundService
{
    /// <summary>Wants these addresses to be checked; returns how many are waiting for it that did not before.</summary>
    public async Task<int> RequestAsync(IReadOnlyCollection<string> urls, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await Statement.ExecuteAsync(
            connection, RequestSql, [urls.Distinct().ToArray(), clock.GetUtcNow()], cancellationToken);
    }

    /// <summary>How many checks are still wanted.</summary>
    public async Task<int> CountWantedAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var command = Statement.Of(connection, CountSql);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Makes as many checks as may be made at a time; returns how many.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var urls = await Statement.QueryAsync(
            connection, ClaimSql, [now, now + (options.Value.CheckTimeout * 2), options.Value.ChecksAtATime],
            row => row.GetString(0), cancellationToken);
        if (urls.Count == 0)
        {
            return 0;
        }

        // The connection would lie idle while the channels are asked.
        await connection.CloseAsync();
        var found = await Task.WhenAll(urls.Select(url => probe.LookAsync(url, cancellationToken)));
        await connection.OpenAsync(cancellationToken);
        await Statement.ExecuteAsync(
            connection, RecordSql,
            [
                urls.ToArray(), found.Select(one => one.Available).ToArray(), found.Select(one => one.Reason).ToArray(),
                clock.GetUtcNow(), now,
            ],
            cancellationToken);
        return urls.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.CheckInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await RunOnceAsync(stoppingToken) > 0)
                {
                }
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                if (!outage.Covers(problem))
                {
                    LogProblem(problem);
                }
            }
        }
    }

    internal const string RequestSql = """
        insert into channel_availability as a (url, requested_at)
        select url, $2::timestamptz from unnest($1::text[]) as w(url) order by url
        on conflict (url) do update set requested_at = excluded.requested_at where a.requested_at is null
        """;

    internal const string CountSql = "select count(*)::int from channel_availability where requested_at is not null";

    /// <summary>Index channel_availability_wanted.</summary>
    internal const string ClaimSql = """
        with chosen as (
            select url from channel_availability
            where requested_at is not null and (claimed_until is null or claimed_until < $1::timestamptz)
            order by requested_at, url limit $3
            for update skip locked)
        update channel_availability a set claimed_until = $2::timestamptz
        from chosen c where a.url = c.url
        returning a.url
        """;

    internal const string RecordSql = """
        update channel_availability a
        set available = f.available, reason = f.reason, checked_at = $4::timestamptz, claimed_until = null,
            requested_at = case when a.requested_at > $5::timestamptz then a.requested_at end
        from unnest($1::text[], $2::boolean[], $3::text[]) as f(url, available, reason)
        where a.url = f.url
        """;

    [LoggerMessage(Level = LogLevel.Error, Message = "Checking channels failed; the next pass goes on")]
    private partial void LogProblem(Exception problem);
}
