using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Actions;

namespace Saltern.Server.Web.Actions;

/// <summary>/actions: the list, filtered, newest first.</summary>
internal static class ActionListPages
{
    private const int PageSize = 50;

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapPage("/actions", ShowAsync);
        pages.MapPage("/parts/actions", ShowPartAsync);
    }

    private static async Task<RazorComponentResult<ActionListPage>> ShowAsync(
        string? status, string? kind, string? by, string? archived, long? after, ActionLists actions, ActionKinds kinds,
        CancellationToken cancellationToken)
    {
        var asked = new ActionListAsked(Known(status), kind, by, archived is "true" or "all" ? archived : null, after);
        return new RazorComponentResult<ActionListPage>(new
        {
            Asked = asked,
            Kinds = kinds.Names,
            Found = await ListAsync(asked, actions, cancellationToken),
        });
    }

    private static async Task<RazorComponentResult<ActionListLive>> ShowPartAsync(
        string? status, string? kind, string? by, string? archived, long? after, ActionLists actions,
        CancellationToken cancellationToken)
    {
        var asked = new ActionListAsked(Known(status), kind, by, archived is "true" or "all" ? archived : null, after);
        return new RazorComponentResult<ActionListLive>(
            new { Asked = asked, Found = await ListAsync(asked, actions, cancellationToken) });
    }

    private static Task<Page<ActionSummary>> ListAsync(
        ActionListAsked asked, ActionLists actions, CancellationToken cancellationToken) =>
        actions.ListAsync(
            new ActionFilter
            {
                Statuses = asked.Status is null ? null : [asked.Status],
                Kind = Storable(asked.Kind),
                CreatedBy = Storable(asked.By),
                Archived = asked.Archived switch { "all" => null, "true" => true, _ => false },
            },
            asked.After,
            PageSize,
            cancellationToken);

    private static string? Known(string? status) =>
        status is not null && ActionStatusNames.All.Contains(status) ? status : null;

    /// <summary>A field left empty filters nothing, and no name has a control character.</summary>
    private static string? Storable(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null : new string([.. text.Trim().Where(letter => !char.IsControl(letter))]);
}
