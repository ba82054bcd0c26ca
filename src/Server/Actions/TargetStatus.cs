namespace Saltern.Server.Actions;

/// <summary>Where one minion stands with one action. The same words are a check in the schema.</summary>
internal enum TargetStatus
{
    Queued,
    PickedUp,
    Completed,
    Failed,
    Cancelled,
    Skipped,
}
