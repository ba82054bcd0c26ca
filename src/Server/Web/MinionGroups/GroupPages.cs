using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Api;
using Saltern.Server.Fleet;
using Saltern.Server.Web.Minions;
using Saltern.Server.Web.Refusals;

namespace Saltern.Server.Web.MinionGroups;

/// <summary>/groups: the list, one group with its minions, and the orders on it.</summary>
internal static class GroupPages
{
    /// <summary>Each group by rule adds a condition to the statement that counts a page.</summary>
    private const int GroupsOnAPage = 50;

    private const int MinionsOnAPage = 100;

    /// <summary>A page waits no longer for its counts.</summary>
    private static readonly TimeSpan CountWithin = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapPage("/groups", ListAsync);
        pages.MapPage("/groups/{id:long}", ShowAsync);
        pages.MapOrder("/groups/{id:long}/add", PermissionNames.Schedule, AddAsync);
        pages.MapOrder("/groups/{id:long}/remove", PermissionNames.Schedule, RemoveAsync);
        pages.MapOrder("/groups/{id:long}/delete", PermissionNames.Schedule, DeleteAsync);
    }

    public static RedirectHttpResult BackTo(long id) =>
        TypedResults.LocalRedirect(string.Create(CultureInfo.InvariantCulture, $"/groups/{id}"));

    public static RazorComponentResult<RefusalPage> NoGroup() => PageRefusals.NotFound("There is no such group.");

    private static async Task<RazorComponentResult<GroupListPage>> ListAsync(
        string? after, Groups groups, GroupSizes sizes, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        // One more than is shown tells whether there is a next page.
        var found = await groups.ListAsync(after ?? "", GroupsOnAPage + 1, cancellationToken);
        var shown = found.Take(GroupsOnAPage).ToList();
        var counts = await sizes.CountAsync(shown, CountWithin, cancellationToken);
        return new RazorComponentResult<GroupListPage>(new
        {
            Groups = (IReadOnlyList<GroupLine>)[.. shown.Select(group => LineOf(group, counts))],
            After = after,
            Next = found.Count > shown.Count ? shown[^1].Name : null,
            MayOrder = user.May(PermissionNames.Schedule),
        });
    }

    private static async Task<IResult> ShowAsync(
        long id, string? after, long? afterKey, Groups groups, GroupSizes sizes, MinionLists minions,
        ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (await groups.FindAsync(new GroupId(id), cancellationToken) is not { } group)
        {
            return NoGroup();
        }

        var cursor = after is not null && afterKey is { } key ? new MinionCursor(after, new MinionKey(key)) : null;
        var page = await minions.ListAsync(
            new MinionFilter { Group = group.Name }, cursor, MinionsOnAPage, cancellationToken);
        var found = page as MinionPage.Found;
        return new RazorComponentResult<OneGroupPage>(new
        {
            Line = LineOf(group, await sizes.CountAsync([group], CountWithin, cancellationToken)),
            Minions = (IReadOnlyList<MinionSummary>)[.. found?.Minions.Select(FleetViews.SummaryOf) ?? []],
            IsFirstPage = cursor is null,
            Next = found?.Next is { } next ? new MinionListAsked { After = next.MinionId, AfterKey = next.Key.Value }
                : null,
            Refusal = (page as MinionPage.Refused)?.Message,
            MayOrder = user.May(PermissionNames.Schedule),
        });
    }

    private static async Task<IResult> AddAsync(
        long id, Groups groups, MinionNames names, Notices notices, HttpContext context,
        CancellationToken cancellationToken)
    {
        var form = await context.Request.ReadFormAsync(cancellationToken);
        var (members, problems) = await GroupMembers.ReadAsync(
            form["minions"].ToString(), form["domain"].ToString().Trim(), names, cancellationToken);
        return await ChangeAsync(
            id, groups, notices, context,
            async group => problems.Count > 0
                ? $"None was added. {string.Join(' ', problems)}"
                : Told("Added", await groups.AddMembersAsync(group, members, cancellationToken)),
            cancellationToken);
    }

    private static async Task<IResult> RemoveAsync(
        long id, Groups groups, Notices notices, HttpContext context, CancellationToken cancellationToken)
    {
        var chosen = MinionPages.ChosenIn(await context.Request.ReadFormAsync(cancellationToken));
        return await ChangeAsync(
            id, groups, notices, context,
            async group => chosen.Count == 0
                ? "No minion was chosen."
                : Told("Removed", await groups.RemoveMembersAsync(group, chosen, cancellationToken)),
            cancellationToken);
    }

    private static string Told(string word, int count) => $"{word}: {StatusText.Some(count, "minion")}.";

    private static async Task<IResult> ChangeAsync(
        long id, Groups groups, Notices notices, HttpContext context, Func<GroupId, Task<string>> change,
        CancellationToken cancellationToken)
    {
        if (await groups.FindAsync(new GroupId(id), cancellationToken) is not { } group)
        {
            return NoGroup();
        }

        if (group.Rule is not null)
        {
            return PageRefusals.NotPossible("Its rule finds its minions; nobody is added or removed by hand.");
        }

        notices.Leave(context, await change(group.Id));
        return BackTo(id);
    }

    private static async Task<IResult> DeleteAsync(
        long id, Groups groups, Notices notices, HttpContext context, CancellationToken cancellationToken)
    {
        switch (await groups.DeleteAsync(new GroupId(id), context.User.Actor(), cancellationToken))
        {
            case GroupOutcome.Done:
                notices.Leave(context, "The group is deleted; its minions stay.");
                return TypedResults.LocalRedirect("/groups");
            case GroupOutcome.Refused refused:
                return PageRefusals.NotPossible(refused.Message);
            default:
                return NoGroup();
        }
    }

    private static GroupLine LineOf(MinionGroup group, IReadOnlyDictionary<GroupId, int> counts) => new(
        group.Id.Value, FleetViews.SummaryOf(group),
        counts.TryGetValue(group.Id, out var count) ? count : null);
}
