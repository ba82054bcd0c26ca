using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Saltern.Server.Changes;

namespace Saltern.Server.Web;

/// <summary>
/// Tells an open page that what it shows has changed, and no more than that: the page fetches its own part again, with
/// its own filter, under its own permission. Many changes within <see cref="Pace"/> are one event.
/// </summary>
internal static class LiveEvents
{
    public const string Changed = "changed";

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    public static void Map(IEndpointRouteBuilder pages) => pages.MapPage("/live", Open);

    private static IResult Open(
        long? action, ChangeFeed feed, IOptions<ChangesOptions> options, TimeProvider clock, HttpContext context,
        CancellationToken cancellationToken)
    {
        if (feed.Subscribe(action) is not { } subscription)
        {
            return TypedResults.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }

        context.Response.RegisterForDispose(subscription);
        // Proxies that buffer would hold events back until nobody needs them.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        var changes = subscription.ReadAsync(options.Value.KeepAlive, clock, cancellationToken);
        return TypedResults.ServerSentEvents(PaceAsync(changes, Pace, clock, cancellationToken));
    }

    /// <summary>The first change at once; those that follow within the pace together, at its end.</summary>
    internal static async IAsyncEnumerable<SseItem<string>> PaceAsync(
        IAsyncEnumerable<ChangeEvent?> changes, TimeSpan pace, TimeProvider clock,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var reader = changes.GetAsyncEnumerator(cancellationToken);
        var next = reader.MoveNextAsync().AsTask();
        var changed = false;
        try
        {
            while (changed || await next)
            {
                if (!changed)
                {
                    changed = reader.Current is not null;
                    next = reader.MoveNextAsync().AsTask();
                }

                yield return new SseItem<string>("", changed ? Changed : "alive");
                if (changed)
                {
                    (changed, next) = await SwallowAsync(reader, next, Task.Delay(pace, clock, cancellationToken));
                }
            }
        }
        finally
        {
            // A reader must not be disposed of while it moves.
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Passes over what comes until the pace is over; says whether anything did, and the next move.</summary>
    private static async Task<(bool Changed, Task<bool> Next)> SwallowAsync(
        IAsyncEnumerator<ChangeEvent?> reader, Task<bool> next, Task pace)
    {
        var changed = false;
        while (!pace.IsCompleted && await Task.WhenAny(next, pace) == next)
        {
            if (!await next)
            {
                return (changed, next);
            }

            changed |= reader.Current is not null;
            next = reader.MoveNextAsync().AsTask();
        }

        await pace;
        return (changed, next);
    }
}
