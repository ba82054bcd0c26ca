namespace Saltern.Contract;

/// <summary>How many targets of an action stand where.</summary>
public sealed record StatusCounts(
    int Total, int Queued, int PickedUp, int Completed, int Failed, int Cancelled, int Skipped)
{
    /// <summary>Those to which nothing more happens by itself.</summary>
    public int Final => Completed + Failed + Cancelled + Skipped;
}
