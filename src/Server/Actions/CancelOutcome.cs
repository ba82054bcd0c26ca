namespace Saltern.Server.Actions;

/// <summary>What a cancel did.</summary>
internal abstract record CancelOutcome
{
    private CancelOutcome()
    {
    }

    internal sealed record NotFound : CancelOutcome;

    /// <summary>So many targets will not run. Those that were no longer queued are named (the first hundred).</summary>
    internal sealed record Done(int Cancelled, IReadOnlyList<string> NotQueued, int NotQueuedCount) : CancelOutcome;
}
