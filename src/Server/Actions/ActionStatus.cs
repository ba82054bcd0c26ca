namespace Saltern.Server.Actions;

/// <summary>Where an action as a whole stands; derived from its counters whenever they change.</summary>
internal enum ActionStatus
{
    Scheduled,
    Running,
    Halted,
    Completed,
    Failed,
    Cancelled,
}
