using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Actions;

namespace Saltern.Server.Api;

/// <summary>/actions/{id}/targets: where each minion stands, every attempt, and what came back.</summary>
internal static class TargetEndpoints
{
    /// <summary>More of a result is not shown; <c>/result</c> has the whole.</summary>
    private const int MostCharacters = 64 * 1024;

    public static void Map(RouteGroupBuilder api)
    {
        var targets = api.MapGroup("/actions/{id:long}/targets").WithTags("Targets");
        targets.MapGet("/", ListAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("List the targets of an action, all or by status")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        targets.MapGet("/{minion}", ShowAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Show a target with its attempts and results")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        targets.MapGet("/{minion}/result", ResultAsync).RequireAuthorization(PermissionNames.Read)
            .WithSummary("Download the whole of what a minion sent, as it sent it")
            .Produces<string>(StatusCodes.Status200OK, "application/json")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Page<TargetSummary>>, ProblemHttpResult>> ListAsync(
        long id, string? status, string? after, int? limit, ActionLists actions, TargetLists targets,
        CancellationToken cancellationToken)
    {
        if (!Paging.TryRead(after, limit, out var cursor, out var size, out var problem))
        {
            return problem;
        }

        TargetStatus? wanted = null;
        if (status is not null)
        {
            if (!TargetStatusNames.All.Contains(status))
            {
                return Problems.Invalid(
                    "status",
                    $"'{status}' is no status of a target; there are {string.Join(", ", TargetStatusNames.All)}.");
            }

            wanted = Enum.Parse<TargetStatus>(status);
        }

        var page = await targets.ListAsync(new ActionId(id), wanted, cursor, size, cancellationToken);
        return page.Items.Count > 0 || await actions.FindKindAsync(new ActionId(id), cancellationToken) is not null
            ? TypedResults.Ok(page)
            : Problems.NoAction(id);
    }

    private static async Task<Results<Ok<TargetDetail>, ProblemHttpResult>> ShowAsync(
        long id, string minion, string? domain, TargetLists targets, AttemptDetails attempts,
        CancellationToken cancellationToken)
    {
        var found = await targets.FindAsync(new ActionId(id), minion, domain, cancellationToken);
        if (NotOne(found, id, minion) is { } problem)
        {
            return problem;
        }

        var list = await attempts.ListAsync(new ActionId(id), found[0], MostCharacters, cancellationToken);
        return TypedResults.Ok(new TargetDetail(found[0], list));
    }

    private static async Task<IResult> ResultAsync(
        long id, string minion, string? domain, int? attempt, HttpResponse response, TargetLists targets,
        AttemptDetails attempts, CancellationToken cancellationToken)
    {
        var found = await targets.FindAsync(new ActionId(id), minion, domain, cancellationToken);
        if (NotOne(found, id, minion) is { } problem)
        {
            return problem;
        }

        var number = attempt ?? found[0].Attempt;
        var written = await attempts.CopyResultAsync(
            new ActionId(id), found[0], number, () => BeginAsync(response), cancellationToken);
        return written switch
        {
            ResultCopy.Written => TypedResults.Empty,
            ResultCopy.Busy => Problems.Of(
                503, "Too many downloads", "This server sends as many results as it may; try again in a moment."),
            _ => Problems.NotFound($"Nothing that {minion} sent for attempt {number} of action {id} is kept."),
        };
    }

    /// <summary>What a minion sent is nobody's page: a browser must neither show nor guess at it.</summary>
    private static Task<Stream> BeginAsync(HttpResponse response)
    {
        response.ContentType = "application/json";
        response.Headers.ContentDisposition = "attachment; filename=\"result.json\"";
        response.Headers.XContentTypeOptions = "nosniff";
        return Task.FromResult(response.Body);
    }

    private static ProblemHttpResult? NotOne(IReadOnlyList<TargetSummary> found, long id, string minion) =>
        found.Count switch
    {
        0 => Problems.NotFound($"Action {id} has no target {minion}."),
        1 => null,
        _ => Problems.Conflict(
            $"{minion} is known in several key domains ({string.Join(", ", found.Select(one => one.Domain))}); "
            + "say which with ?domain="),
    };
}
