using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Http.HttpResults;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Web.Refusals;

namespace Saltern.Server.Web.Actions;

/// <summary>/actions/{id}: one action, how far it is, its targets, and the orders on it.</summary>
internal static class ActionPages
{
    private const int PageSize = 100;

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapPage("/actions/{id:long}", ShowAsync);
        pages.MapPage("/parts/actions/{id:long}", ShowPartAsync);
        pages.MapOrder("/actions/{id:long}/cancel", PermissionNames.Schedule, CancelAsync);
        pages.MapOrder("/actions/{id:long}/stop", PermissionNames.Schedule, StopAsync);
        pages.MapOrder("/actions/{id:long}/reschedule", PermissionNames.Schedule, RescheduleAsync);
        pages.MapOrder("/actions/{id:long}/archive", PermissionNames.Schedule, ArchiveAsync);
        pages.MapOrder("/actions/{id:long}/unarchive", PermissionNames.Schedule, UnarchiveAsync);
        pages.MapOrder("/actions/{id:long}/delete", PermissionNames.Schedule, DeleteAsync);
    }

    private static async Task<IResult> ShowAsync(
        long id, string? status, long? after, ActionLists actions, TargetLists targets, ActionKinds kinds,
        ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var shown = await ReadAsync(id, status, after, actions, targets, kinds, user, cancellationToken);
        return shown is null ? NoAction(id) : new RazorComponentResult<ActionPage>(new { Shown = shown });
    }

    private static async Task<IResult> ShowPartAsync(
        long id, string? status, long? after, ActionLists actions, TargetLists targets, ActionKinds kinds,
        ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var shown = await ReadAsync(id, status, after, actions, targets, kinds, user, cancellationToken);
        return shown is null ? NoAction(id) : new RazorComponentResult<ActionLive>(new { Shown = shown });
    }

    private static async Task<ActionShown?> ReadAsync(
        long id, string? status, long? after, ActionLists actions, TargetLists targets, ActionKinds kinds,
        ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (await actions.FindBrieflyAsync(new ActionId(id), cancellationToken) is not { } detail)
        {
            return null;
        }

        TargetStatus? wanted = status is not null && TargetStatusNames.All.Contains(status)
            ? Enum.Parse<TargetStatus>(status)
            : null;
        return new ActionShown
        {
            Detail = detail,
            Status = wanted?.ToString(),
            After = after,
            Targets = await targets.ListAsync(new ActionId(id), wanted, after, PageSize, cancellationToken),
            MayOrder = MayOrder(user, detail.Summary.Kind, kinds),
        };
    }

    private static async Task<IResult> CancelAsync(
        long id, Cancelling cancelling, Notices notices, HttpContext context, CancellationToken cancellationToken)
    {
        var form = await context.Request.ReadFormAsync(cancellationToken);
        var minion = form["minion"].ToString();
        var outcome = await cancelling.CancelAsync(
            new ActionId(id), minion.Length > 0 ? [minion] : null, context.User.Actor(), cancellationToken);
        if (outcome is not CancelOutcome.Done done)
        {
            return NoAction(id);
        }

        var running = done.NotQueuedCount == 0
            ? ""
            : $" Past cancelling, running to the end: {StatusText.Number(done.NotQueuedCount)}.";
        notices.Leave(context, $"{StatusText.Some(done.Cancelled, "target")} will not run.{running}");
        return BackTo(id);
    }

    private static async Task<IResult> StopAsync(
        long id, Stopping stopping, Notices notices, HttpContext context, CancellationToken cancellationToken) =>
        Answer(
            id, await stopping.StopAsync(new ActionId(id), null, context.User.Actor(), cancellationToken), context,
            notices, told => $"Told to stop: {StatusText.Some(told, "minion")}.");

    private static async Task<IResult> RescheduleAsync(
        long id, Rescheduling rescheduling, ActionLists actions, ActionKinds kinds, Notices notices,
        HttpContext context, CancellationToken cancellationToken)
    {
        var kind = await actions.FindKindAsync(new ActionId(id), cancellationToken);
        if (kind is not null && !MayOrder(context.User, kind, kinds))
        {
            return PageRefusals.NotAllowed($"The kind {kind} needs a permission of its own, which your token lacks.");
        }

        var form = await context.Request.ReadFormAsync(cancellationToken);
        var scope = form["scope"] == "all" ? RescheduleScope.All : RescheduleScope.Failed;
        var outcome = await rescheduling.RescheduleAsync(
            new ActionId(id), scope, null, context.User.Actor(), cancellationToken);
        return Answer(id, outcome, context, notices, done => $"Queued again: {StatusText.Some(done, "target")}.");
    }

    private static async Task<IResult> ArchiveAsync(
        long id, Archiving archiving, Notices notices, HttpContext context, CancellationToken cancellationToken) =>
        Answer(
            id, await archiving.ArchiveAsync(new ActionId(id), context.User.Actor(), cancellationToken), context,
            notices, _ => "Archived: it is left out of the lists, and nothing of it is lost.");

    private static async Task<IResult> UnarchiveAsync(
        long id, Archiving archiving, Notices notices, HttpContext context, CancellationToken cancellationToken) =>
        Answer(
            id, await archiving.UnarchiveAsync(new ActionId(id), context.User.Actor(), cancellationToken), context,
            notices, _ => "It is in the lists again.");

    private static async Task<IResult> DeleteAsync(
        long id, Deleting deleting, Notices notices, HttpContext context, CancellationToken cancellationToken)
    {
        var outcome = await deleting.DeleteAsync(new ActionId(id), context.User.Actor(), cancellationToken);
        return Answer(
            id, outcome, context, notices, _ => $"Action {id} is deleted.", whenDone: "/actions");
    }

    private static IResult Answer(
        long id, OrderOutcome outcome, HttpContext context, Notices notices, Func<int, string> sentence,
        string? whenDone = null)
    {
        switch (outcome)
        {
            case OrderOutcome.Done done:
                notices.Leave(context, sentence(done.Targets));
                return whenDone is null ? BackTo(id) : TypedResults.LocalRedirect(whenDone);
            case OrderOutcome.Refused refused:
                return PageRefusals.NotPossible(StatusText.Sentence(refused.Reason));
            default:
                return NoAction(id);
        }
    }

    /// <summary>Some kinds have a permission of their own besides the one to schedule.</summary>
    private static bool MayOrder(ClaimsPrincipal user, string kind, ActionKinds kinds) =>
        user.May(PermissionNames.Schedule) && (kinds.Find(kind)?.Permission is not { } needed || user.May(needed));

    private static RedirectHttpResult BackTo(long id) =>
        TypedResults.LocalRedirect(string.Create(CultureInfo.InvariantCulture, $"/actions/{id}"));

    private static RazorComponentResult<RefusalPage> NoAction(long id) =>
        PageRefusals.NotFound($"There is no action {id}. It may have been deleted; the log of orders knows by whom.");
}
