namespace Saltern.Server.Actions;

/// <summary>
/// What must hold of an order before a row is written. Pure; every error is collected, not only the first.
/// </summary>
internal sealed class OrderChecks(ActionKinds kinds, ActionsOptions options)
{
    private const int LongestDescription = 1_000;
    private const int MostAttempts = 20;
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(366);
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(7);

    public IReadOnlyList<ArgumentError> Check(ActionOrder order, DateTimeOffset now)
    {
        var errors = new List<ArgumentError>();
        if (kinds.Find(order.Kind) is { } kind)
        {
            errors.AddRange(kind.Validate(order.Arguments));
        }
        else
        {
            errors.Add(new("kind", $"'{order.Kind}' is no kind of action; known are {string.Join(", ", kinds.Names)}"));
        }

        CheckTimes(order, now, errors);
        CheckLimits(order, errors);
        return errors;
    }

    /// <summary>An action on nothing, or on more minions than allowed, is refused.</summary>
    public ArgumentError? CheckTargets(int targets)
    {
        if (targets == 0)
        {
            return new("target", "this selects no minion with an accepted key; nothing was scheduled");
        }

        return targets > options.MostTargets
            ? new("target", $"this selects {targets} minions; the most for one action is {options.MostTargets} "
                + "(setting Actions:MostTargets); nothing was scheduled")
            : null;
    }

    private void CheckTimes(ActionOrder order, DateTimeOffset now, List<ArgumentError> errors)
    {
        var earliest = order.EarliestAt ?? now;
        if (earliest < now - options.PastGrace)
        {
            errors.Add(new("earliestAt", $"{earliest:u} is in the past (now is {now:u}, and at most "
                + $"{options.PastGrace} back counts as now); leave it out to run at once"));
        }

        if (order.ExpiresAt is { } expires && expires <= (earliest > now ? earliest : now))
        {
            errors.Add(new("expiresAt", $"{expires:u} is not after the earliest time {earliest:u}; "
                + "no target could ever start"));
        }
    }

    private static void CheckLimits(ActionOrder order, List<ArgumentError> errors)
    {
        if (order is { BatchSize: not null, BatchPercent: not null })
        {
            errors.Add(new("batchSize", "give batchSize or batchPercent, not both"));
        }

        if (order.BatchSize < 1)
        {
            errors.Add(new("batchSize", $"{order.BatchSize} is not allowed; the least is 1"));
        }

        if (order.BatchPercent is < 1 or > 100)
        {
            errors.Add(new("batchPercent", $"{order.BatchPercent} is not allowed; it is from 1 to 100"));
        }

        if (order.DeadlineSeconds < 1 || order.DeadlineSeconds > LongestDeadline.TotalSeconds)
        {
            errors.Add(new("deadlineSeconds", $"{order.DeadlineSeconds} is not allowed; "
                + $"it is from 1 to {LongestDeadline.TotalSeconds} (seven days)"));
        }

        if (order.GiveUpAfterSeconds < 1 || order.GiveUpAfterSeconds > LongestWait.TotalSeconds)
        {
            errors.Add(new("giveUpAfterSeconds", $"{order.GiveUpAfterSeconds} is not allowed; "
                + $"it is from 1 to {LongestWait.TotalSeconds} (a year)"));
        }

        if (order.MaxAttempts is < 1 or > MostAttempts)
        {
            errors.Add(new("maxAttempts", $"{order.MaxAttempts} is not allowed; it is from 1 to {MostAttempts}"));
        }

        if (order.Description?.Length > LongestDescription)
        {
            errors.Add(new("description", $"{order.Description.Length} characters are too long; "
                + $"the most is {LongestDescription}"));
        }
    }
}
