using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.ServicePacks;
using Saltern.Server.Web.Refusals;

namespace Saltern.Server.Web.Migrations;

/// <summary>/actions/{id}/migration: what a migration has come to, and what a person decides about it.</summary>
internal static class MigrationPages
{
    private const int PageSize = 25;

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapPage("/actions/{id:long}/migration", ShowAsync);
        pages.MapOrder("/actions/{id:long}/migration/decide", PermissionNames.Schedule, DecideAsync);
    }

    private static async Task<IResult> ShowAsync(
        long id, long? before, MigrationReport report, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        if (await report.OfAsync(new ActionId(id), cancellationToken) is not { } summary)
        {
            return PageRefusals.NotFound($"There is no migration {id}.");
        }

        var changes = await report.ChangesAsync(id, attention: true, before, PageSize + 1, cancellationToken);
        var shown = changes.Take(PageSize).ToList();
        return new RazorComponentResult<MigrationPage>(new
        {
            Report = summary,
            Changes = (IReadOnlyList<ChannelChangeSummary>)shown,
            Before = before,
            Next = changes.Count > PageSize ? shown[^1].Id : (long?)null,
            MayOrder = user.May(PermissionNames.Schedule),
        });
    }

    private static async Task<IResult> DecideAsync(
        long id, ChangeOrders orders, Notices notices, HttpContext context, CancellationToken cancellationToken)
    {
        var form = await context.Request.ReadFormAsync(cancellationToken);
        var keep = form["channels"] == "keep";
        if (!long.TryParse(form["change"], NumberStyles.None, CultureInfo.InvariantCulture, out var change)
            || !keep && form["channels"] != "takeBack")
        {
            return PageRefusals.NotPossible("The form did not say which change, and whether its channels are kept.");
        }

        switch (await orders.DecideAsync(change, keep, context.User.Actor(), cancellationToken))
        {
            case ChangeOrderOutcome.Refused refused:
                return PageRefusals.NotPossible(refused.Why);
            case ChangeOrderOutcome.NotFound:
                return PageRefusals.NotFound($"There is no change {change}.");
            default:
                notices.Leave(context, keep ? "The new channels stay." : "The channels of before come back.");
                return TypedResults.LocalRedirect(
                    string.Create(CultureInfo.InvariantCulture, $"/actions/{id}/migration"));
        }
    }
}
