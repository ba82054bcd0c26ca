using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Saltern.Contract;
using Saltern.Server.Actions;
using Saltern.Server.Api;
using Saltern.Server.Fleet;

namespace Saltern.Server.Web.Overview;

/// <summary>/: what runs now, what stands still, and how the fleet and its masters are.</summary>
internal static class OverviewPages
{
    private const int MostRunning = 10;
    private const int MostEnded = 8;

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapPage("/", async ([AsParameters] Sources sources, CancellationToken cancellationToken) =>
            new RazorComponentResult<OverviewPage>(new { Now = await ReadAsync(sources, cancellationToken) }));
        pages.MapPage("/parts/overview", async ([AsParameters] Sources sources, CancellationToken cancellationToken) =>
            new RazorComponentResult<OverviewLive>(new { Now = await ReadAsync(sources, cancellationToken) }));
    }

    private static async Task<OverviewNow> ReadAsync(Sources sources, CancellationToken cancellationToken)
    {
        var pause = await sources.Masters.PausedAsync(cancellationToken);
        var fleet = await sources.Counts.FleetAsync(cancellationToken);
        return new OverviewNow
        {
            Actions = await sources.Counts.ActionsAsync(cancellationToken),
            Running = await ListAsync(
                sources.Actions, [ActionStatusNames.Running, ActionStatusNames.Halted], MostRunning, cancellationToken),
            Waiting = await ListAsync(sources.Actions, [ActionStatusNames.Scheduled], MostEnded, cancellationToken),
            Ended = await ListAsync(sources.Actions, ActionStatusNames.Final, MostEnded, cancellationToken),
            Keys = fleet.ByKeyStatus.ToDictionary(pair => KeyReports.Word(pair.Key), pair => pair.Value),
            Presence = fleet.ByPresence.ToDictionary(pair => FleetViews.Word(pair.Key), pair => pair.Value),
            Conflicts = fleet.Conflicts,
            Masters =
            [
                .. (await sources.Masters.ListAsync(cancellationToken)).Select(master => FleetViews.SummaryOf(master)),
            ],
            PausedAt = pause?.At,
            PausedBy = pause?.By,
            PauseReason = pause?.Reason,
        };
    }

    private static async Task<IReadOnlyList<ActionSummary>> ListAsync(
        ActionLists actions, IReadOnlyList<string> statuses, int limit, CancellationToken cancellationToken)
    {
        var filter = new ActionFilter { Statuses = statuses, Archived = false };
        return (await actions.ListAsync(filter, null, limit, cancellationToken)).Items;
    }

    /// <summary>Where the page's parts come from.</summary>
    private sealed record Sources(ActionLists Actions, OverviewCounts Counts, Masters Masters);
}
