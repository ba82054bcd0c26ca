using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Web.Refusals;

namespace Saltern.Server.Web.Targets;

/// <summary>/actions/{id}/targets/{minion}: every attempt on one minion, and what it sent.</summary>
internal static class TargetPages
{
    /// <summary>More of a result is not shown but downloaded.</summary>
    private const int MostCharacters = 256 * 1024;

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapPage("/actions/{id:long}/targets/{minion}", ShowAsync);
        pages.MapPage("/parts/actions/{id:long}/targets/{minion}", ShowPartAsync);
        pages.MapPage("/actions/{id:long}/targets/{minion}/result", DownloadAsync);
    }

    private static async Task<IResult> ShowAsync(
        long id, string minion, string? domain, ActionLists actions, TargetLists targets, AttemptDetails attempts,
        ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var kind = await actions.FindKindAsync(new ActionId(id), cancellationToken);
        return kind is not null
            && await ReadAsync(id, minion, domain, targets, attempts, cancellationToken) is { } detail
            ? new RazorComponentResult<TargetPage>(new
            {
                Action = id,
                Kind = kind,
                Detail = detail,
                MayOrder = user.May(PermissionNames.Schedule),
            })
            : NoTarget(id, minion);
    }

    private static async Task<IResult> ShowPartAsync(
        long id, string minion, string? domain, TargetLists targets, AttemptDetails attempts, ClaimsPrincipal user,
        CancellationToken cancellationToken) =>
        await ReadAsync(id, minion, domain, targets, attempts, cancellationToken) is { } detail
            ? new RazorComponentResult<TargetLive>(new
            {
                Action = id,
                Detail = detail,
                MayOrder = user.May(PermissionNames.Schedule),
            })
            : NoTarget(id, minion);

    private static async Task<TargetDetail?> ReadAsync(
        long id, string minion, string? domain, TargetLists targets, AttemptDetails attempts,
        CancellationToken cancellationToken)
    {
        var found = await FindAsync(id, minion, domain, targets, cancellationToken);
        return found is null
            ? null
            : new TargetDetail(
                found, await attempts.ListAsync(new ActionId(id), found, MostCharacters, cancellationToken));
    }

    private static async Task<IResult> DownloadAsync(
        long id, string minion, string? domain, int attempt, HttpResponse response, TargetLists targets,
        AttemptDetails attempts, CancellationToken cancellationToken)
    {
        var found = await FindAsync(id, minion, domain, targets, cancellationToken);
        var copied = found is null
            ? ResultCopy.NothingKept
            : await attempts.CopyResultAsync(
                new ActionId(id), found, attempt, () => BeginAsync(response), cancellationToken);
        return copied switch
        {
            ResultCopy.Written => TypedResults.Empty,
            ResultCopy.Busy => PageRefusals.Of(
                503, "Too many downloads", "The server sends as many results as it may. Try again in a moment."),
            _ => PageRefusals.NotFound($"Nothing that {minion} sent for attempt {attempt} of action {id} is kept."),
        };
    }

    /// <summary>What a minion sent is nobody's page: a browser must neither show nor guess at it.</summary>
    private static Task<Stream> BeginAsync(HttpResponse response)
    {
        response.ContentType = "application/json";
        response.Headers.ContentDisposition = "attachment; filename=\"result.json\"";
        return Task.FromResult(response.Body);
    }

    private static async Task<TargetSummary?> FindAsync(
        long id, string minion, string? domain, TargetLists targets, CancellationToken cancellationToken)
    {
        // A path may hold what no minion id can, and PostgreSQL would not take it.
        if ((minion + domain).Any(char.IsControl))
        {
            return null;
        }

        var found = await targets.FindAsync(new ActionId(id), minion, domain, cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    private static RazorComponentResult<RefusalPage> NoTarget(long id, string minion) =>
        PageRefusals.NotFound($"Action {id} has no target {minion}.");
}
