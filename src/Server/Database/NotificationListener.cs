using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Saltern.Server.Database;

/// <summary>
/// Hears PostgreSQL's notifications on one connection of its own and rings the bells of this process. When the
/// connection breaks, notifications of that time are lost: it rings every bell as soon as it listens again.
/// </summary>
internal sealed partial class NotificationListener(
    NpgsqlDataSource database, Bells bells, TimeProvider clock, Outage outage, ILogger<NotificationListener> log)
    : BackgroundService
{
    private static readonly TimeSpan AfterProblem = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Raised for each notification on the channel of changes, with its payload, which is a hint at most.
    /// </summary>
    public event Action<string>? Changed;

    /// <summary>Raised whenever it begins to listen: what was notified before then may have been missed.</summary>
    public event Action? Listening;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception problem) when (problem is NpgsqlException or System.IO.IOException or TimeoutException)
            {
                if (!outage.Covers(problem))
                {
                    LogDeaf(problem.Message);
                }

                await Task.Delay(AfterProblem, clock, stoppingToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        connection.Notification += Hear;
        await Statement.ExecuteAsync(connection, ListenSql, [], cancellationToken);
        bells.Inbox.Ring();
        bells.Due.Ring();
        outage.IsOver();
        Listening?.Invoke();
        while (true)
        {
            await connection.WaitAsync(cancellationToken);
        }
    }

    private void Hear(object sender, NpgsqlNotificationEventArgs notification)
    {
        switch (notification.Channel)
        {
            case NotificationChannels.Inbox:
                bells.Inbox.Ring();
                break;
            case NotificationChannels.Due:
                bells.Due.Ring();
                break;
            case NotificationChannels.Changes:
                Changed?.Invoke(notification.Payload);
                break;
        }
    }

    private const string ListenSql = "listen saltern_inbox; listen saltern_due; listen saltern_changes";

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "No longer hears the database's notifications ({Problem}); trying again, and looking without them")]
    private partial void LogDeaf(string problem);
}
