namespace Saltern.Server.Actions;

/// <summary>What became of an order on an existing action (reschedule, archive, delete).</summary>
internal abstract record OrderOutcome
{
    private OrderOutcome()
    {
    }

    internal sealed record NotFound : OrderOutcome;

    /// <summary>Nothing was changed, and why.</summary>
    internal sealed record Refused(string Reason) : OrderOutcome;

    /// <summary>Done, to so many targets.</summary>
    internal sealed record Done(int Targets) : OrderOutcome;
}
