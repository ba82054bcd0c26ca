namespace Saltern.Server.Dispatch;

/// <summary>
/// Decides what one master gets next. Pure: actions in the order they were asked for (earliest time, then id), each as
/// far as the master's free places and its own batch size reach, cut into submissions of bearable length.
/// </summary>
internal static class DispatchPlan
{
    /// <param name="due">Actions in the order of (earliest time, id), with what is ready on this master.</param>
    /// <param name="inFlight">Targets picked up and unanswered on this master.</param>
    /// <param name="limits">The master's limits.</param>
    /// <param name="now">Expired actions are left alone.</param>
    public static IReadOnlyList<PlannedBatch> For(
        IReadOnlyList<DueAction> due, int inFlight, DispatchLimits limits, DateTimeOffset now)
    {
        var batches = new List<PlannedBatch>();
        var free = limits.MostInFlight - inFlight;
        foreach (var action in due.Where(action => action.EarliestAt <= now && now < action.ExpiresAt))
        {
            var take = Math.Min(Math.Min(free, action.Ready), Window(action) - action.InFlight);
            for (var left = take; left > 0; left -= limits.NamesPerSubmission)
            {
                batches.Add(new PlannedBatch(action, Math.Min(left, limits.NamesPerSubmission)));
            }

            free -= Math.Max(take, 0);
        }

        return batches;
    }

    /// <summary>
    /// How many targets of the action may be in flight at once; a percentage is rounded down, at least 1.
    /// </summary>
    private static int Window(DueAction action) => action switch
    {
        { BatchSize: { } size } => size,
        { BatchPercent: { } percent } => Math.Max(1, (int)((long)action.Total * percent / 100)),
        _ => int.MaxValue,
    };
}
