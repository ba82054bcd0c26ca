using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Server.Database;
using Saltern.Server.Salt;

namespace Saltern.Server.Fleet;

/// <summary>
/// Keeps the fleet as the masters' keys say it is. All masters of a key domain are asked, then the domain is written
/// in one transaction: a minion that moved from one master to the other is then never seen as gone in between. What a
/// master that did not answer last said stands. A minion is with the master where its key is accepted; if several have
/// it accepted, where it was.
/// </summary>
internal sealed partial class KeyReading(
    NpgsqlDataSource dataSource, SaltMasters salt, Masters masters, IOptions<FleetOptions> options, TimeProvider clock,
    Outage outage, ILogger<KeyReading> logger)
    : BackgroundService
{
    private static readonly TimeSpan AfterProblem = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AfterNoAnswer = TimeSpan.FromSeconds(30);

    internal const string LastReadSql = "select name, keys_read_at from master";

    /// <summary>Rung when keys are known to have changed, for example because we changed them.</summary>
    public Bell Bell { get; } = new();

    /// <summary>Reads the domains whose turn it is (another node may just have), or all of them.</summary>
    public async Task<IReadOnlyList<KeysRead>> RunOnceAsync(bool all, CancellationToken cancellationToken)
    {
        await masters.ForgetTimesToComeAsync(cancellationToken);
        var lastRead = await LastReadAsync(cancellationToken);
        var due = clock.GetUtcNow() - options.Value.KeyReadInterval;
        // A master that hangs holds up nobody but its own domain.
        return await Task.WhenAll(salt.Options.GroupBy(master => master.KeyDomain)
            .Where(domain => all
                || domain.Any(master => lastRead.GetValueOrDefault(master.Name) is not { } at || at <= due))
            .Select(domain => ReadDomainAsync(domain.Key, [.. domain], cancellationToken)));
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await masters.RegisterAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A node that starts looks at once, unless another one just has. A ring is kept by the bell until waited for.
        var all = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = await PassAsync(all, stoppingToken);
            var started = clock.GetUtcNow();
            await Bell.WaitAsync(wait, clock, stoppingToken);
            all = clock.GetUtcNow() - started < wait;
        }
    }

    /// <summary>A master that did not answer is asked again soon: its minions are unknown until it does.</summary>
    internal TimeSpan WaitAfter(IReadOnlyList<KeysRead> read)
    {
        var interval = options.Value.KeyReadInterval;
        return read.Any(domain => domain.Unanswered > 0) && AfterNoAnswer < interval ? AfterNoAnswer : interval;
    }

    private async Task<TimeSpan> PassAsync(bool all, CancellationToken cancellationToken)
    {
        try
        {
            return WaitAfter(await RunOnceAsync(all, cancellationToken));
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            if (!outage.Covers(problem))
            {
                LogProblem(problem);
            }
            return AfterProblem;
        }
    }

    private async Task<KeysRead> ReadDomainAsync(
        string domain, IReadOnlyList<SaltMasterOptions> members, CancellationToken cancellationToken)
    {
        var began = clock.GetUtcNow();
        var reports = new KeyReports();
        var unanswered = 0;
        foreach (var (master, answer) in await Task.WhenAll(members.Select(AskAsync)))
        {
            switch (answer)
            {
                case SaltAnswer<MinionKeys>.Given given:
                    reports.Add(master, given.Value);
                    break;
                case SaltAnswer<MinionKeys>.Failed failed:
                    unanswered++;
                    LogNotRead(master, failed.Reason);
                    break;
            }
        }

        var changes = await KeyWriting.WriteAsync(
            dataSource, domain, [.. members.Select(master => master.Name)], reports, began,
            options.Value.MassLossConfirmedAfter, cancellationToken);
        foreach (var master in changes.Doubted)
        {
            LogDoubted(master, options.Value.MassLossConfirmedAfter);
        }

        if (changes.Any)
        {
            LogChanged(domain, changes.Written, changes.Gone);
        }

        return changes with { Unanswered = unanswered };

        async Task<(string Master, SaltAnswer<MinionKeys> Answer)> AskAsync(SaltMasterOptions master)
        {
            salt.TryGet(master.Name, out var api);
            var answer = await api!.KeysAsync(cancellationToken);
            await (answer is SaltAnswer<MinionKeys>.Failed failed
                ? ReportAsync(master.Name, failed, cancellationToken)
                : masters.ReportReachableAsync(master.Name, cancellationToken));
            return (master.Name, answer);
        }
    }

    /// <summary>Only what says something about the master as a whole; a slow key.list_all does not.</summary>
    private Task ReportAsync(
        string master, SaltAnswer<MinionKeys>.Failed failed, CancellationToken cancellationToken) => failed.Cause switch
        {
            SaltFailure.Unreachable =>
                masters.ReportDownAsync(master, NotSentCause.Unreachable, failed.Reason, cancellationToken),
            _ => Task.CompletedTask,
        };

    private async Task<Dictionary<string, DateTimeOffset?>> LastReadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        var rows = await Statement.QueryAsync(
            connection, LastReadSql, [], row => (Name: row.GetString(0), At: row.TimeOrNull(1)), cancellationToken);
        return rows.ToDictionary(row => row.Name, row => row.At, StringComparer.Ordinal);
    }

    [LoggerMessage(LogLevel.Error, "Reading the masters' keys failed; it is tried again")]
    private partial void LogProblem(Exception problem);

    [LoggerMessage(LogLevel.Warning, "Master {Master} did not give its keys: {Reason}")]
    private partial void LogNotRead(string master, string reason);

    [LoggerMessage(LogLevel.Warning,
        "Master {Master} lists less than half of its minions; that counts if it still does so {After} later")]
    private partial void LogDoubted(string master, TimeSpan after);

    [LoggerMessage(LogLevel.Information, "Keys of domain {Domain}: {Written} minions new or changed, {Gone} gone")]
    private partial void LogChanged(string domain, int written, int gone);
}
