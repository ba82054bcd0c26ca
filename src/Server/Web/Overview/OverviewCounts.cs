using Saltern.Server.Actions;
using Saltern.Server.Database;
using Saltern.Server.Fleet;

namespace Saltern.Server.Web.Overview;

/// <summary>
/// The counts of the overview, which look at every action and every minion: every open overview asks at every change,
/// so all of them share one reading.
/// </summary>
internal sealed class OverviewCounts(ActionTotals totals, MinionLists minions, TimeProvider clock)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    private readonly PacedRead<IReadOnlyDictionary<string, long>> actions = new(totals.CountAsync, Pace, clock);
    private readonly PacedRead<FleetCounts> fleet = new(minions.CountAsync, Pace, clock);

    public Task<IReadOnlyDictionary<string, long>> ActionsAsync(CancellationToken cancellationToken) =>
        actions.AskAsync(cancellationToken);

    public Task<FleetCounts> FleetAsync(CancellationToken cancellationToken) => fleet.AskAsync(cancellationToken);
}
