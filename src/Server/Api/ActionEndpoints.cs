using System.Security.Claims;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Access;
using Saltern.Server.Actions;
using Saltern.Server.Fleet;

namespace Saltern.Server.Api;

/// <summary>/actions: schedule, list, show, and the orders on one.</summary>
internal static class ActionEndpoints
{
    private static readonly JsonElement NoArguments = JsonElement.Parse("{}");

    public static void Map(RouteGroupBuilder api)
    {
        var actions = api.MapGroup("/actions").WithTags("Actions");
        actions.MapPost("/", ScheduleAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Schedule an action")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        actions.MapGet("/", ListAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("List actions, newest first")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        actions.MapGet("/{id:long}", ShowAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Show an action with its counts by status")
            .ProducesProblem(StatusCodes.Status404NotFound);
        actions.MapPost("/{id:long}/cancel", CancelAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Cancel what is still queued, of the action or of some minions")
            .ProducesProblem(StatusCodes.Status404NotFound);
        actions.MapPost("/{id:long}/stop", StopAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Stop what runs, of the action or of some minions")
            .ProducesProblem(StatusCodes.Status404NotFound);
        actions.MapPost("/{id:long}/reschedule", RescheduleAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Run failed or all final targets once more")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        actions.MapPost("/{id:long}/archive", ArchiveAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Take a finished action out of the list")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        actions.MapPost("/{id:long}/unarchive", UnarchiveAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Put an archived action back into the list")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        actions.MapDelete("/{id:long}", DeleteAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Delete a finished action with its targets and results")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Created<ActionScheduled>, ProblemHttpResult>> ScheduleAsync(
        ActionRequest request, Scheduling scheduling, ActionKinds kinds, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        if (MissingIn(request) is { Count: > 0 } missing)
        {
            return Problems.Invalid(missing);
        }

        if (PermissionLackingFor(request.Kind!, kinds, user) is { } refusal)
        {
            return refusal;
        }

        return await scheduling.ScheduleAsync(OrderOf(request), ActorOf(user), cancellationToken) switch
        {
            ScheduleOutcome.Scheduled done => TypedResults.Created(
                $"/api/v1/actions/{done.Id}", new ActionScheduled(done.Id.Value, done.Targets)),
            ScheduleOutcome.Refused refused => Problems.Invalid(refused.Errors),
            _ => throw new InvalidOperationException("An order is scheduled or refused."),
        };
    }

    private static async Task<Results<Ok<Page<ActionSummary>>, ProblemHttpResult>> ListAsync(
        [AsParameters] ActionListQuery query, ActionLists actions, CancellationToken cancellationToken)
    {
        if (!Paging.TryRead(query.After, query.Limit, out var after, out var limit, out var problem))
        {
            return problem;
        }

        if (query.Status?.FirstOrDefault(status => !ActionStatusNames.All.Contains(status)) is { } unknown)
        {
            return Problems.Invalid(
                "status",
                $"'{unknown}' is no status of an action; there are {string.Join(", ", ActionStatusNames.All)}.");
        }

        if (query.Archived is not (null or "true" or "false" or "all"))
        {
            return Problems.Invalid("archived", $"'{query.Archived}' is not true, false or all.");
        }

        var filter = new ActionFilter
        {
            Statuses = query.Status is { Length: > 0 } ? query.Status : null,
            Kind = query.Kind,
            CreatedBy = query.CreatedBy,
            Archived = query.Archived switch { "all" => null, "true" => true, _ => false },
            From = query.From,
            To = query.To,
        };
        return TypedResults.Ok(await actions.ListAsync(filter, after, limit, cancellationToken));
    }

    private static async Task<Results<Ok<ActionDetail>, ProblemHttpResult>> ShowAsync(
        long id, ActionLists actions, CancellationToken cancellationToken) =>
        await actions.FindAsync(new ActionId(id), cancellationToken) is { } found
            ? TypedResults.Ok(found)
            : Problems.NoAction(id);

    private static async Task<Results<Ok<CancelAnswer>, ProblemHttpResult>> CancelAsync(
        long id, CancelRequest? request, Cancelling cancelling, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        if (request?.Minions is { Count: 0 })
        {
            return Problems.Invalid("minions", "Name at least one minion, or leave it out to cancel the whole action.");
        }

        return await cancelling.CancelAsync(
            new ActionId(id), request?.Minions, ActorOf(user), cancellationToken) switch
        {
            CancelOutcome.Done done => TypedResults.Ok(
                new CancelAnswer(done.Cancelled, done.NotQueued, done.NotQueuedCount)),
            CancelOutcome.NotFound => Problems.NoAction(id),
            _ => throw new InvalidOperationException("A cancel is done, or there is no such action."),
        };
    }

    private static async Task<Results<Ok<StopAnswer>, ProblemHttpResult>> StopAsync(
        long id, StopRequest? request, Stopping stopping, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (request?.Minions is { Count: 0 })
        {
            return Problems.Invalid("minions", "Name at least one minion, or leave it out to stop all that run.");
        }

        return await stopping.StopAsync(
            new ActionId(id), request?.Minions, ActorOf(user), cancellationToken) is OrderOutcome.Done done
            ? TypedResults.Ok(new StopAnswer(done.Targets))
            : Problems.NoAction(id);
    }

    private static async Task<Results<Ok<RescheduleAnswer>, ProblemHttpResult>> RescheduleAsync(
        long id, RescheduleRequest? request, Rescheduling rescheduling, ActionLists actions, ActionKinds kinds,
        ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (request?.Scope is not (null or "failed" or "all"))
        {
            return Problems.Invalid("scope", $"'{request.Scope}' is neither 'failed' nor 'all'.");
        }

        var kind = await actions.FindKindAsync(new ActionId(id), cancellationToken);
        if (kind is not null && PermissionLackingFor(kind, kinds, user) is { } refusal)
        {
            return refusal;
        }

        var scope = request?.Scope == "all" ? RescheduleScope.All : RescheduleScope.Failed;
        return await rescheduling.RescheduleAsync(
            new ActionId(id), scope, request?.EarliestAt?.ToUniversalTime(), ActorOf(user), cancellationToken) switch
        {
            OrderOutcome.Done done => TypedResults.Ok(new RescheduleAnswer(done.Targets)),
            OrderOutcome.Refused refused => Problems.Conflict(refused.Reason),
            _ => Problems.NoAction(id),
        };
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ArchiveAsync(
        long id, Archiving archiving, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        Answer(id, await archiving.ArchiveAsync(new ActionId(id), ActorOf(user), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> UnarchiveAsync(
        long id, Archiving archiving, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        Answer(id, await archiving.UnarchiveAsync(new ActionId(id), ActorOf(user), cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        long id, Deleting deleting, ClaimsPrincipal user, CancellationToken cancellationToken) =>
        Answer(id, await deleting.DeleteAsync(new ActionId(id), ActorOf(user), cancellationToken));

    private static Results<NoContent, ProblemHttpResult> Answer(long id, OrderOutcome outcome) => outcome switch
    {
        OrderOutcome.Done => TypedResults.NoContent(),
        OrderOutcome.Refused refused => Problems.Conflict(refused.Reason),
        _ => Problems.NoAction(id),
    };

    private static string ActorOf(ClaimsPrincipal user) =>
        user.Identity?.Name ?? throw new InvalidOperationException("Every order has an actor.");

    private static ProblemHttpResult? PermissionLackingFor(string kind, ActionKinds kinds, ClaimsPrincipal user)
    {
        var needed = kinds.Find(kind)?.Permission;
        var holds = needed is null
            || user.HasClaim(AccessIdentity.PermissionClaim, needed)
            || user.HasClaim(AccessIdentity.PermissionClaim, PermissionNames.Admin);
        return holds
            ? null
            : Problems.Forbidden($"The kind {kind} needs the permission '{needed}', which '{ActorOf(user)}' lacks.");
    }

    private static List<ArgumentError> MissingIn(ActionRequest request)
    {
        var missing = new List<ArgumentError>();
        if (string.IsNullOrEmpty(request.Kind))
        {
            missing.Add(new ArgumentError("kind", "Say what is to be done; GET /api/v1/kinds lists what there is."));
        }

        if (request.Target is null)
        {
            missing.Add(new ArgumentError("target", "Say which minions: minions, group, glob, grain or compound."));
        }

        return missing;
    }

    private static ActionOrder OrderOf(ActionRequest request) => new()
    {
        Kind = request.Kind!,
        Arguments = request.Arguments is { ValueKind: not JsonValueKind.Null } arguments ? arguments : NoArguments,
        Target = RequestedTarget.SelectionOf(request.Target!),
        Description = request.Description,
        EarliestAt = request.EarliestAt?.ToUniversalTime(),
        ExpiresAt = request.ExpiresAt?.ToUniversalTime(),
        BatchSize = request.BatchSize,
        BatchPercent = request.BatchPercent,
        DeadlineSeconds = request.DeadlineSeconds,
        GiveUpAfterSeconds = request.GiveUpAfterSeconds,
        MaxAttempts = request.MaxAttempts,
        ResolveAtStart = request.ResolveAtStart ?? false,
    };
}
