using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Npgsql;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Channels;
using Saltern.Server.Fleet;

namespace Saltern.Server.Api;

/// <summary>
/// /minions/{id}/channels: what is assigned to a minion, what it told, and how these differ; and /channels/assignments,
/// for many at once.
/// </summary>
internal static class MinionChannelEndpoints
{
    private const int MostChildren = 1_000;
    private const int MostNamed = 100;

    public static void Map(RouteGroupBuilder api)
    {
        var channels = api.MapGroup("/minions/{id}/channels").WithTags("Channels");
        channels.MapGet("/", ShowAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Show the channels on record for a minion, and what it told of products and repositories")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        channels.MapPut("/", AssignAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Set the channels on record for a minion; nothing is done on the minion itself")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        api.MapPost("/channels/assignments", AssignManyAsync).WithTags("Channels")
            .RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Set the channels on record for many minions; nothing is done on the minions themselves")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }

    private static async Task<Results<Ok<FleetAssignmentAnswer>, ProblemHttpResult>> AssignManyAsync(
        FleetAssignmentRequest request, AssignmentOrders orders, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        if (request.Target is null)
        {
            return Problems.Invalid("target", RequestedTarget.Missing);
        }

        if (Wrong(request.Base, request.Children ?? []) is { } problem)
        {
            return problem;
        }

        var assigned = request.Base is { } label ? new ChannelAssignment(label, request.Children ?? []) : null;
        return await orders.AssignAsync(
                RequestedTarget.SelectionOf(request.Target), assigned, user.Identity!.Name!, cancellationToken) switch
            {
                FleetAssignment.Done done => TypedResults.Ok(new FleetAssignmentAnswer
                {
                    Minions = done.Minions,
                    Held = done.Held.Count,
                    HeldMinions = [.. done.Held.Take(MostNamed).Select(one => $"{one.Minion}: {one.Why}")],
                }),
                FleetAssignment.Refused refused => Problems.Invalid(
                    [.. refused.Errors.Select(error => new ArgumentError(error.Argument, error.Message))]),
                _ => throw new InvalidOperationException("It is done or refused."),
            };
    }

    private static async Task<Results<Ok<MinionChannels>, ProblemHttpResult>> ShowAsync(
        string id, string? domain, MinionLists minions, Catalogues catalogues, NpgsqlDataSource database,
        CancellationToken cancellationToken)
    {
        var found = await minions.FindAsync(id, domain, cancellationToken);
        if (MinionEndpoints.NotOne(found.Count, id) is { } problem)
        {
            return problem;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var told = await MinionSoftware.FindAsync(found[0], connection, cancellationToken);
        var assigned = (await Assignments.ReadAsync(connection, [found[0].Value], cancellationToken))
            .GetValueOrDefault(found[0].Value);
        var difference = assigned is not null && told?.Repositories is { } repositories
            ? RepositoryDifference.Of(
                assigned.Assigned, repositories,
                await catalogues.ReadAsync(connection, everyCheck: false, cancellationToken))
            : null;
        return TypedResults.Ok(ChannelViews.Of(assigned, told, difference));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> AssignAsync(
        string id, string? domain, AssignmentRequest request, MinionLists minions, AssignmentOrders orders,
        ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var children = request.Children ?? [];
        if (Wrong(request.Base, children) is { } wrong)
        {
            return wrong;
        }

        var found = await minions.FindAsync(id, domain, cancellationToken);
        if (MinionEndpoints.NotOne(found.Count, id) is { } problem)
        {
            return problem;
        }

        var assigned = request.Base is { } label ? new ChannelAssignment(label, children) : null;
        return ChannelEndpoints.AnswerOf(
            await orders.AssignAsync(found[0], assigned, user.Identity!.Name!, cancellationToken), $"minion {id}");
    }

    private static ProblemHttpResult? Wrong(string? baseLabel, IReadOnlyList<string> children)
    {
        if (children.Count > MostChildren)
        {
            return Problems.Invalid("children", $"{children.Count} are too many; up to {MostChildren} are allowed.");
        }

        return baseLabel is null && children.Count > 0
            ? Problems.Invalid("base", "Child channels need a base channel; leave both out to end the record.")
            : null;
    }
}
