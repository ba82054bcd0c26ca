namespace Saltern.Server.Tests.Model;

/// <summary>
/// What ought to happen, in a few lines and without any database: the small model that generated sequences of orders,
/// dispatches, returns, deadlines and restarts are compared with. Minions are numbers.
/// </summary>
internal sealed class FleetModel(int mostInFlight)
{
    private readonly Dictionary<(string Jid, int Minion), (ModelAction Action, bool Ended, bool Guessed)> attempts = [];
    private readonly Dictionary<string, DateTimeOffset> deadlines = [];

    public List<ModelAction> Actions { get; } = [];

    public IReadOnlyCollection<(string Jid, int Minion)> Attempts => attempts.Keys;

    /// <summary>Which minions the next pass should hand out, by action.</summary>
    public Dictionary<long, HashSet<int>> PlanDispatch(DateTimeOffset now)
    {
        foreach (var action in Actions.Where(action => action.ExpiresAt <= now))
        {
            Change(action, "Queued", "Skipped");
        }

        var free = mostInFlight - Actions.Sum(action => action.InFlight);
        var plan = new Dictionary<long, HashSet<int>>();
        foreach (var action in InOrder().Where(action => action.EarliestAt <= now && now < action.ExpiresAt))
        {
            var window = (action.BatchSize ?? int.MaxValue) - action.InFlight;
            var take = Math.Max(0, Math.Min(free, window));
            plan[action.Id] = [.. action.Targets.Where(pair => IsReady(action, pair.Key, now)).Take(take)
                .Select(pair => pair.Key)];
            free -= plan[action.Id].Count;
            foreach (var minion in plan[action.Id])
            {
                action.Targets[minion].Status = "PickedUp";
            }
        }

        return plan;
    }

    /// <summary>A submission was seen at the master.</summary>
    public void Submitted(ModelAction action, string jid, IEnumerable<int> minions, DateTimeOffset now)
    {
        deadlines[jid] = now + action.Deadline;
        foreach (var minion in minions)
        {
            action.Targets[minion].Jid = jid;
            attempts[(jid, minion)] = (action, Ended: false, Guessed: false);
        }
    }

    /// <summary>A return is settled.</summary>
    public void Return(string jid, int minion, bool success)
    {
        var (action, ended, guessed) = attempts[(jid, minion)];
        var target = action.Targets[minion];
        if (ended && !guessed)
        {
            return;
        }

        attempts[(jid, minion)] = (action, Ended: true, Guessed: false);
        if (target.Jid == jid && (target.Status == "PickedUp" || (target.Status == "Failed" && target.Guessed)))
        {
            target.Status = success ? "Completed" : "Failed";
            target.Guessed = false;
        }
        else if (target.Status == "PickedUp"
            && (target.Late is not { } late || string.CompareOrdinal(jid, late.Jid) > 0))
        {
            target.Late = (jid, success ? "Completed" : "Failed");
        }
    }

    public void PassDeadlines(DateTimeOffset now)
    {
        foreach (var ((jid, minion), (action, ended, _)) in attempts.ToList())
        {
            if (!ended && deadlines[jid] <= now)
            {
                attempts[(jid, minion)] = (action, Ended: true, Guessed: true);
                var late = action.Targets[minion].Late;
                action.Targets[minion].Status = late?.Status ?? "Failed";
                action.Targets[minion].Guessed = late is null;
            }
        }
    }

    public static void Cancel(ModelAction action) => Change(action, "Queued", "Cancelled");

    /// <summary>Returns whether anything could be queued again.</summary>
    public static bool Reschedule(ModelAction action, bool all, DateTimeOffset now, DateTimeOffset expires)
    {
        var again = action.Targets.Values.Where(target => target.Status is "Failed" or "Skipped"
            || (all && target.Status is ("Completed" or "Cancelled"))).ToList();
        var goesOn = action.Targets.Values.Any(target => target.Status is "Queued" or "PickedUp");
        foreach (var target in again)
        {
            (target.Status, target.Guessed, target.Jid, target.Late) = ("Queued", false, null, null);
        }

        if (again.Count > 0)
        {
            action.EarliestAt = goesOn ? action.EarliestAt : now;
            action.ExpiresAt = goesOn || expires < action.ExpiresAt ? action.ExpiresAt : expires;
        }

        return again.Count > 0;
    }

    private bool IsReady(ModelAction action, int minion, DateTimeOffset now) =>
        action.Targets[minion].Status == "Queued"
        && (!action.Exclusive || !Actions.Any(other => other.Exclusive && other != action
            && other.Targets.TryGetValue(minion, out var target)
            && (target.Status == "PickedUp"
                || (target.Status == "Queued" && IsDue(other, now) && IsBefore(other, action)))));

    private static bool IsDue(ModelAction action, DateTimeOffset now) =>
        action.EarliestAt <= now && now < action.ExpiresAt;

    private static bool IsBefore(ModelAction a, ModelAction b) =>
        (a.EarliestAt, a.Id).CompareTo((b.EarliestAt, b.Id)) < 0;

    private IEnumerable<ModelAction> InOrder() => Actions.OrderBy(action => (action.EarliestAt, action.Id)).ToList();

    private static void Change(ModelAction action, string from, string to)
    {
        foreach (var target in action.Targets.Values.Where(target => target.Status == from))
        {
            target.Status = to;
        }
    }
}
