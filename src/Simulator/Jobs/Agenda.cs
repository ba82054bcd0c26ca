using Microsoft.Extensions.Logging;

namespace Saltern.Simulator.Jobs;

/// <summary>
/// All that is still to happen, in one queue ordered by time with one timer: hundreds of thousands of pending returns
/// cost an entry each, not a task each. One loop runs what is due, in order; when the job cache's writers fall behind,
/// the loop waits for them, and so do the returns behind it. Follows the injected clock, so a test that moves it
/// decides what happens.
/// </summary>
internal sealed partial class Agenda : IAsyncDisposable
{
    // Timers cannot be set further than some weeks ahead.
    private static readonly TimeSpan LongestNap = TimeSpan.FromDays(1);

    private readonly PriorityQueue<IAgendaItem, (DateTimeOffset Due, long Order)> queue = new();
    private readonly Lock gate = new();
    private readonly SemaphoreSlim bell = new(0, 1);
    private readonly CancellationTokenSource stopping = new();
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly ITimer timer;
    private readonly Task loop;
    private long order;
    private bool running;

    public Agenda(TimeProvider clock, ILogger logger)
    {
        this.clock = clock;
        this.logger = logger;
        timer = clock.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        loop = Task.Run(LoopAsync);
    }

    public int Count
    {
        get
        {
            lock (gate)
            {
                return queue.Count;
            }
        }
    }

    /// <summary>Whether nothing is due by now and nothing that was due still runs.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (gate)
            {
                return !running && !(queue.TryPeek(out _, out (DateTimeOffset Due, long Order) head)
                    && head.Due <= clock.GetUtcNow());
            }
        }
    }

    public void Add(DateTimeOffset due, IAgendaItem item)
    {
        bool first;
        lock (gate)
        {
            first = !queue.TryPeek(out _, out (DateTimeOffset Due, long Order) head) || due < head.Due;
            queue.Enqueue(item, (due, order++));
        }

        if (first)
        {
            Ring();
        }
    }

    public void In(TimeSpan delay, Action action) => Add(clock.GetUtcNow() + delay, new AgendaAction(action));

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await loop;
        await timer.DisposeAsync();
        stopping.Dispose();
        bell.Dispose();
    }

    private void Ring()
    {
        lock (gate)
        {
            if (bell.CurrentCount == 0)
            {
                bell.Release();
            }
        }
    }

    private async Task LoopAsync()
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                if (TakeDue() is { } item)
                {
                    await RunAsync(item);
                    Ran();
                    continue;
                }

                await bell.WaitAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            LogStopped(logger, Count);
        }
    }

    private void Ran()
    {
        lock (gate)
        {
            running = false;
        }
    }

    private async ValueTask RunAsync(IAgendaItem item)
    {
        try
        {
            await item.RunAsync(stopping.Token);
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            LogFailed(logger, error);
        }
    }

    private IAgendaItem? TakeDue()
    {
        lock (gate)
        {
            if (!queue.TryPeek(out _, out (DateTimeOffset Due, long Order) head))
            {
                return null;
            }

            TimeSpan wait = head.Due - clock.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                // Rounded up: a timer that fires a hair early would only find nothing due and be set again.
                double nap = Math.Min(Math.Ceiling(wait.TotalMilliseconds), LongestNap.TotalMilliseconds);
                timer.Change(TimeSpan.FromMilliseconds(nap), Timeout.InfiniteTimeSpan);

                // A test's clock may have been set forward before the timer was set: it would not fire.
                if (head.Due > clock.GetUtcNow())
                {
                    return null;
                }
            }

            running = true;
            return queue.Dequeue();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The simulated master stops with {Pending} events pending")]
    private static partial void LogStopped(ILogger logger, int pending);

    [LoggerMessage(Level = LogLevel.Error, Message = "A simulated event failed")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
