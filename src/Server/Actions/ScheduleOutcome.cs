namespace Saltern.Server.Actions;

/// <summary>What became of an order.</summary>
internal abstract record ScheduleOutcome
{
    private ScheduleOutcome()
    {
    }

    internal sealed record Scheduled(ActionId Id, int Targets) : ScheduleOutcome;

    /// <summary>Nothing was stored; these are the reasons, all of them.</summary>
    internal sealed record Refused(IReadOnlyList<ArgumentError> Errors) : ScheduleOutcome;
}
