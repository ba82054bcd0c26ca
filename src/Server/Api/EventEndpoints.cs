using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using Npgsql;
using Saltern.Contract;
using Saltern.Server.Access;
using Saltern.Server.Actions;
using Saltern.Server.Changes;
using Saltern.Server.Database;

namespace Saltern.Server.Api;

/// <summary>/events: what changes, as it changes, as server-sent events.</summary>
internal static class EventEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/events", OpenAsync).RequireAuthorization(PermissionNames.Read).WithTags("Events")
            .WithSummary("Watch actions and targets change (server-sent events)")
            .WithDescription(
                "Events: 'reload' (also the first: read what you show), 'action' (an ActionChanged), 'targets' "
                + "(a TargetsChanged), 'alive'. After a break of the connection, connect again and read anew.")
            .Produces<string>(StatusCodes.Status200OK, "text/event-stream")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> OpenAsync(
        long? action, ChangeFeed feed, ActionLists actions, IOptions<ChangesOptions> options, TokenAccess tokens,
        TimeProvider clock, HttpContext context, CancellationToken cancellationToken)
    {
        if (action is { } id && await actions.FindKindAsync(new ActionId(id), cancellationToken) is null)
        {
            return Problems.NoAction(id);
        }

        if (feed.Subscribe(action) is not { } subscription)
        {
            return Problems.Of(
                503, "Too many streams", "This server has as many streams open as it may; try again later.");
        }

        context.Response.RegisterForDispose(subscription);
        // Proxies that buffer would hold events back until nobody needs them.
        context.Response.Headers["X-Accel-Buffering"] = "no";
        return TypedResults.ServerSentEvents(
            ReadAsync(subscription, options.Value.KeepAlive, HoldsAsync, clock, cancellationToken));

        async Task<bool> HoldsAsync()
        {
            try
            {
                return long.TryParse(context.User.FindFirst(AccessIdentity.TokenClaim)?.Value, out var token)
                    && await tokens.FindAsync(token, cancellationToken) is AccessAnswer.Granted granted
                    && granted.Identity.May(PermissionNames.Read);
            }
            catch (NpgsqlException problem) when (DatabaseAway.Is(problem))
            {
                // While the database is away there is nothing to tell either; asked again in a moment.
                return true;
            }
        }
    }

    private static async IAsyncEnumerable<SseItem<object>> ReadAsync(
        ChangeSubscription subscription, TimeSpan quiet, Func<Task<bool>> holdsAsync, TimeProvider clock,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var asked = clock.GetTimestamp();
        await foreach (var change in subscription.ReadAsync(quiet, clock, cancellationToken))
        {
            if (clock.GetElapsedTime(asked) >= quiet)
            {
                asked = clock.GetTimestamp();
                if (!await holdsAsync())
                {
                    // Who comes again is told why the token no longer holds.
                    yield break;
                }
            }

            yield return change switch
            {
                ChangeEvent.Action one => new SseItem<object>(one.Changed, ChangeEventNames.Action),
                ChangeEvent.Targets some => new SseItem<object>(some.Changed, ChangeEventNames.Targets),
                ChangeEvent.Reload => new SseItem<object>("{}", ChangeEventNames.Reload),
                _ => new SseItem<object>("{}", ChangeEventNames.Alive),
            };
        }
    }
}
