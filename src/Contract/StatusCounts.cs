namespace Saltern.Contract;

/// <summary>How many targets of an action stand where.</summary>
public sealed record StatusCounts(
    int Total, int Queued, int PickedUp, int Completed, int Failed, int Cancelled, int Skipped)
{
    /// <summary>Of those picked up: whose minion cannot be reached at the moment.</summary>
    public int Waiting { get; init; }

    /// <summary>Those to which nothing more happens by itself.</summary>
    public int Final => Completed + Failed + Cancelled + Skipped;
}
