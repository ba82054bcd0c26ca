using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Database;

namespace Saltern.Server.Changes;

/// <summary>
/// Tells those who watch what changed. A notification says only where to look: this loop reads the action's kept
/// counters and the targets that were named, by their primary keys, once for all who watch and at most so often, then
/// hands it round. When it cannot know what it missed (nobody listened, too much at once), everybody is told to
/// read anew. With nobody watching nothing is read.
/// </summary>
internal sealed partial class ChangeFeed(
    NotificationListener notifications, ActionLists actions, TargetLists targets, IOptions<ChangesOptions> options,
    IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<ChangeFeed> logger) : BackgroundService
{
    private static readonly TimeSpan LookAnyway = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterProblem = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<ChangeSubscription, byte> subscriptions = new();
    private readonly PendingChanges pending = new(options.Value.MaxActions, options.Value.MaxTargets);
    private readonly Bell bell = new();

    /// <summary>How many watch on this node.</summary>
    public int Subscriptions => subscriptions.Count;

    /// <summary>Starts to watch; null when too many do, or the server is about to stop. Dispose it to leave.</summary>
    public ChangeSubscription? Subscribe(long? action)
    {
        if (subscriptions.Count >= options.Value.MaxSubscriptions
            || lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return null;
        }

        var subscription = new ChangeSubscription(
            action, options.Value.QueueLength, leaving => subscriptions.TryRemove(leaving, out _));
        subscriptions[subscription] = 0;
        return subscription;
    }

    /// <summary>
    /// Reads what was notified since the last time and hands it round; says how many actions it read.
    /// </summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var (changed, everything) = pending.Take();
        if (everything)
        {
            TellAll(new ChangeEvent.Reload());
        }

        var watched = changed.Where(one => IsWatched(one.Key)).ToList();
        if (watched.Count == 0)
        {
            return 0;
        }

        var summaries = (await actions.ReadAsync([.. watched.Select(one => one.Key)], cancellationToken))
            .ToDictionary(summary => summary.Id);
        foreach (var (action, minionKeys) in watched)
        {
            Tell(action, new ChangeEvent.Action(new ActionChanged(action, summaries.GetValueOrDefault(action))));
            IReadOnlyList<TargetSummary> rows = minionKeys is null || !summaries.ContainsKey(action)
                ? []
                : await targets.ReadAsync(new ActionId(action), [.. minionKeys], cancellationToken);
            Tell(action, new ChangeEvent.Targets(new TargetsChanged(action, rows)));
        }

        return watched.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A stopping server waits for its open requests, and a stream would never end by itself.
        await using var ending = lifetime.ApplicationStopping.Register(EndAll);
        notifications.Changed += Note;
        notifications.Listening += NoteEverything;
        try
        {
            await ReadAsync(stoppingToken);
        }
        finally
        {
            notifications.Changed -= Note;
            notifications.Listening -= NoteEverything;
        }
    }

    private void EndAll()
    {
        foreach (var subscription in subscriptions.Keys)
        {
            subscription.End();
        }
    }

    private async Task ReadAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await bell.WaitAsync(LookAnyway, clock, stoppingToken);
                await RunOnceAsync(stoppingToken);
                await Task.Delay(options.Value.Pace, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // What was taken from the list is lost; whoever watches reads it anew as soon as that is possible.
                LogNotRead(error);
                await PauseAsync(stoppingToken);
                NoteEverything();
            }
        }
    }

    private void NoteEverything()
    {
        pending.AddEverything();
        bell.Ring();
    }

    private void Note(string payload)
    {
        if (subscriptions.IsEmpty)
        {
            return;
        }

        if (!ChangeNotice.TryRead(payload, out var notice))
        {
            LogUnreadable(payload.Length);
            return;
        }

        pending.Add(notice.Action, notice.MinionKeys);
        bell.Ring();
    }

    private async Task PauseAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(AfterProblem, clock, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The loop ends by itself.
        }
    }

    private bool IsWatched(long action) =>
        subscriptions.Keys.Any(subscription => subscription.ActionId is null || subscription.ActionId == action);

    private void Tell(long action, ChangeEvent change)
    {
        foreach (var subscription in subscriptions.Keys)
        {
            if (subscription.ActionId is null || subscription.ActionId == action)
            {
                subscription.Tell(change);
            }
        }
    }

    private void TellAll(ChangeEvent change)
    {
        foreach (var subscription in subscriptions.Keys)
        {
            subscription.Tell(change);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Cannot read what changed; those who watch will read everything anew")]
    private partial void LogNotRead(Exception error);

    [LoggerMessage(LogLevel.Debug, "A notification of a change with {Length} characters is not one of ours")]
    private partial void LogUnreadable(int length);
}
