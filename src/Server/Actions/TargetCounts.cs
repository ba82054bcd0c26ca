namespace Saltern.Server.Actions;

/// <summary>
/// How many targets of an action stand where. Kept by every transaction that moves one, never counted.
/// </summary>
internal sealed record TargetCounts(
    int Total, int Queued, int PickedUp, int Completed, int Failed, int Cancelled, int Skipped)
{
    public int Final => Completed + Failed + Cancelled + Skipped;
}
