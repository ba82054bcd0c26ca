using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Api;
using Saltern.Server.Fleet;
using Saltern.Server.Web.Refusals;
using MinionKey = Saltern.Server.Fleet.MinionKey;

namespace Saltern.Server.Web.Minions;

/// <summary>/minions: the fleet, one minion, and its key.</summary>
internal static class MinionPages
{
    private const int PageSize = 100;
    private const int RecentActions = 20;

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapPage("/minions", ListAsync);
        pages.MapPage("/minions/{key:long}", ShowAsync);
        pages.MapOrder("/minions/accept", PermissionNames.Keys, AcceptAsync);
        pages.MapOrder("/minions/reject", PermissionNames.Keys, RejectAsync);
    }

    /// <summary>The minions whose boxes were ticked.</summary>
    public static IReadOnlyList<MinionKey> ChosenIn(IFormCollection form) =>
    [
        .. form["minion"]
            .Select(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var key) ? key : 0)
            .Where(key => key > 0).Select(key => new MinionKey(key)),
    ];

    private static async Task<RazorComponentResult<MinionListPage>> ListAsync(
        [AsParameters] MinionListAsked asked, MinionLists minions, ClaimsPrincipal user,
        CancellationToken cancellationToken)
    {
        var filter = new MinionFilter
        {
            Id = Text(asked.Id),
            KeyStatus = Enum.TryParse<KeyStatus>(asked.Key, ignoreCase: true, out var status) ? status : null,
            Presence = Enum.TryParse<Presence>(asked.Presence, ignoreCase: true, out var presence) ? presence : null,
            Grain = Text(asked.Grain),
            OnlyConflicts = asked.Conflicts == "true",
        };
        var after = asked is { After: { } id, AfterKey: { } key } ? new MinionCursor(id, new MinionKey(key)) : null;
        var page = await minions.ListAsync(filter, after, PageSize, cancellationToken);
        var found = page as MinionPage.Found;
        return new RazorComponentResult<MinionListPage>(new
        {
            Asked = asked,
            Minions = (IReadOnlyList<MinionSummary>)[.. found?.Minions.Select(FleetViews.SummaryOf) ?? []],
            Next = found?.Next is { } next ? asked with { After = next.MinionId, AfterKey = next.Key.Value } : null,
            Refusal = page is MinionPage.Refused refused ? refused.Message : null,
            MayDecide = user.May(PermissionNames.Keys),
        });
    }

    private static async Task<IResult> ShowAsync(
        long key, MinionLists minions, MinionActions actions, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (await minions.FindAsync(new MinionKey(key), cancellationToken) is not { } found)
        {
            return PageRefusals.NotFound("There is no such minion.");
        }

        var recent = await actions.ListAsync(new MinionKey(key), RecentActions, cancellationToken);
        return new RazorComponentResult<OneMinionPage>(new
        {
            Minion = FleetViews.DetailOf(found),
            Actions = (IReadOnlyList<MinionAction>)
                [.. recent.Select(line => new MinionAction(line.Action, line.Target))],
            MayDecide = user.May(PermissionNames.Keys),
            MayOrder = user.May(PermissionNames.Schedule),
        });
    }

    private static Task<IResult> AcceptAsync(
        KeyOrders keys, Notices notices, HttpContext context, CancellationToken cancellationToken) =>
        DecideAsync("accepted", keys.AcceptAsync, notices, context, cancellationToken);

    private static Task<IResult> RejectAsync(
        KeyOrders keys, Notices notices, HttpContext context, CancellationToken cancellationToken) =>
        DecideAsync("rejected", keys.RejectAsync, notices, context, cancellationToken);

    private static async Task<IResult> DecideAsync(
        string word,
        Func<IReadOnlyCollection<MinionKey>, string, CancellationToken, Task<IReadOnlyList<KeyOrderEnd>>> order,
        Notices notices, HttpContext context, CancellationToken cancellationToken)
    {
        var form = await context.Request.ReadFormAsync(cancellationToken);
        var chosen = ChosenIn(form);
        var ends = await order(chosen, context.User.Actor(), cancellationToken);
        var problems = ends.Where(end => end.Problem is not null).ToList();
        var done = ends.Count - problems.Count;
        var sentence = chosen.Count == 0 ? "No minion was chosen." : $"{StatusText.Some(done, "key")} {word}.";
        notices.Leave(context, string.Join(
            ' ', problems.Take(3).Select(end => $"{end.MinionId}: {end.Problem}").Prepend(sentence)));
        return TypedResults.LocalRedirect(SignIn.SignInPages.IsOurs(form["to"]) ? form["to"]! : "/minions");
    }

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
