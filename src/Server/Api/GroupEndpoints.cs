using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Fleet;

namespace Saltern.Server.Api;

/// <summary>/groups: groups of minions, by hand or by a rule.</summary>
internal static class GroupEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        var groups = api.MapGroup("/groups").WithTags("Groups");
        groups.MapGet("/", ListAsync).RequireAuthorization(PermissionNames.Read).WithSummary("List groups by name");
        groups.MapGet("/{name}", ShowAsync).RequireAuthorization(PermissionNames.Read).WithSummary("Show a group")
            .ProducesProblem(StatusCodes.Status404NotFound);
        groups.MapGet("/{name}/minions", MinionsAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("List the minions of a group, by hand or found by its rule")
            .ProducesProblem(StatusCodes.Status404NotFound);
        groups.MapPost("/", CreateAsync).RequireAuthorization(PermissionNames.Schedule).WithSummary("Make a group")
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        groups.MapPut("/{name}", ReplaceAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Replace the rule or the members of a group, or rename it")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        groups.MapDelete("/{name}", DeleteAsync).RequireAuthorization(PermissionNames.Schedule)
            .WithSummary("Delete a group; its minions stay")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Page<GroupSummary>>, ProblemHttpResult>> ListAsync(
        string? after, int? limit, Groups groups, CancellationToken cancellationToken)
    {
        if (!Paging.TryReadLimit(limit, out var size, out var problem))
        {
            return problem;
        }

        var rows = await groups.ListAsync(after ?? "", size, cancellationToken);
        // The last full page may be followed by an empty one.
        return TypedResults.Ok(new Page<GroupSummary>(
            [.. rows.Select(FleetViews.SummaryOf)], rows.Count == size ? rows[^1].Name : null));
    }

    private static async Task<Results<Ok<GroupSummary>, ProblemHttpResult>> ShowAsync(
        string name, Groups groups, CancellationToken cancellationToken) =>
        await groups.FindAsync(name, cancellationToken) is { } group
            ? TypedResults.Ok(FleetViews.SummaryOf(group))
            : NoGroup(name);

    private static async Task<Results<Ok<Page<MinionSummary>>, ProblemHttpResult>> MinionsAsync(
        string name, string? after, int? limit, Groups groups, MinionLists minions, CancellationToken cancellationToken)
    {
        if (!Paging.TryReadLimit(limit, out var size, out var problem))
        {
            return problem;
        }

        if (await groups.FindAsync(name, cancellationToken) is null)
        {
            return NoGroup(name);
        }

        var cursor = after is null ? null : FleetViews.Read(after);
        if (after is not null && cursor is null)
        {
            return Problems.Invalid("after", $"'{after}' is not what 'next' of an earlier page said.");
        }

        return await minions.ListAsync(new MinionFilter { Group = name }, cursor, size, cancellationToken) switch
        {
            MinionPage.Found found => TypedResults.Ok(FleetViews.PageOf(found)),
            MinionPage.Refused refused => Problems.Invalid(refused.Argument, refused.Message),
            _ => throw new InvalidOperationException("A list is found or refused."),
        };
    }

    private static async Task<Results<Created<GroupSummary>, ProblemHttpResult>> CreateAsync(
        GroupRequest request, Groups groups, MinionNames names, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        var (members, problem) = await MembersAsync(request, names, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        var outcome = await groups.CreateAsync(
            request.Name ?? "", request.Rule, user.Identity!.Name!, cancellationToken);
        if (outcome is not GroupOutcome.Done done)
        {
            return Refusal(outcome, request.Name ?? "");
        }

        if (members is not null)
        {
            await groups.SetMembersAsync(done.Group, members, cancellationToken);
        }

        return await groups.FindAsync(request.Name!, cancellationToken) is { } made
            ? TypedResults.Created($"/api/v1/groups/{Uri.EscapeDataString(made.Name)}", FleetViews.SummaryOf(made))
            : NoGroup(request.Name!);
    }

    private static async Task<Results<Ok<GroupSummary>, ProblemHttpResult>> ReplaceAsync(
        string name, GroupRequest request, Groups groups, MinionNames names, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        var (members, problem) = await MembersAsync(request, names, cancellationToken);
        if (problem is not null)
        {
            return problem;
        }

        if (await groups.FindAsync(name, cancellationToken) is not { } group)
        {
            return NoGroup(name);
        }

        var newName = request.Name ?? name;
        var outcome = await groups.UpdateAsync(
            group.Id, newName, request.Rule, user.Identity!.Name!, cancellationToken);
        if (outcome is not GroupOutcome.Done)
        {
            return Refusal(outcome, name);
        }

        if (members is not null)
        {
            await groups.SetMembersAsync(group.Id, members, cancellationToken);
        }

        return await groups.FindAsync(newName, cancellationToken) is { } changed
            ? TypedResults.Ok(FleetViews.SummaryOf(changed))
            : NoGroup(newName);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string name, Groups groups, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (await groups.FindAsync(name, cancellationToken) is not { } group)
        {
            return NoGroup(name);
        }

        return await groups.DeleteAsync(group.Id, user.Identity!.Name!, cancellationToken) switch
        {
            GroupOutcome.Done => TypedResults.NoContent(),
            GroupOutcome.Refused refused => Problems.Conflict(refused.Message),
            _ => NoGroup(name),
        };
    }

    /// <summary>The keys of the minions that are named; null where none are.</summary>
    private static async Task<(IReadOnlyCollection<MinionKey>? Members, ProblemHttpResult? Problem)> MembersAsync(
        GroupRequest request, MinionNames names, CancellationToken cancellationToken)
    {
        if (request.Minions is null)
        {
            return (null, null);
        }

        if (request.Rule is not null)
        {
            return (null, Problems.Invalid(
                "minions", "A group with a rule has no members by hand; give one or the other."));
        }

        if (request.Minions.Count > Groups.MostMembersAtOnce)
        {
            return (null, Problems.Invalid(
                "minions",
                $"{request.Minions.Count} are too many at once; up to {Groups.MostMembersAtOnce}, or use a rule."));
        }

        var named = await names.FindAsync(request.Minions, request.Domain, cancellationToken);
        return named.Problems is { Count: > 0 } wrong
            ? (null, Problems.Invalid([.. wrong.Select(message => new Actions.ArgumentError("minions", message))]))
            : ([.. named.Found.Values], null);
    }

    private static ProblemHttpResult Refusal(GroupOutcome outcome, string name) => outcome switch
    {
        GroupOutcome.Refused refused => Problems.Invalid(refused.Argument, refused.Message),
        _ => NoGroup(name),
    };

    private static ProblemHttpResult NoGroup(string name) => Problems.NotFound($"There is no group '{name}'.");
}
