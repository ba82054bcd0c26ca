namespace Saltern.Server.ServicePacks;

/// <summary>What becomes of a change of channels.</summary>
internal abstract record ChangeStep
{
    private ChangeStep()
    {
    }

    /// <summary>Nothing yet.</summary>
    internal sealed record Wait : ChangeStep;

    /// <summary>The new channels stay.</summary>
    /// <param name="Attention">What a person has to look at; null where all is well.</param>
    /// <param name="Assign">They were taken back already: the record and the minion get them again.</param>
    /// <param name="Reason">Why, where it is not the run's own success.</param>
    /// <param name="Apply">Whether the minion has them is not known: it gets them.</param>
    internal sealed record Keep(
        string? Attention = null, bool Assign = false, string? Reason = null, bool Apply = false) : ChangeStep;

    /// <summary>The channels of before come back.</summary>
    /// <param name="Confirm">The minion may have the new ones: it gets those of before before anything else.</param>
    /// <param name="Reason">Why.</param>
    internal sealed record Revert(bool Confirm, string Reason) : ChangeStep;

    /// <summary>The channels of before are on record; that the minion has them is waited for no longer.</summary>
    internal sealed record Release(string Attention) : ChangeStep;

    /// <summary>The channels are as they are for now, and the minion is asked for the recorded result.</summary>
    /// <param name="Attention">What a person has to look at; null where the run is in time.</param>
    /// <param name="AndForJob">Whether it still has the job of the attempt which is out is asked, too.</param>
    internal sealed record Ask(string? Attention = null, bool AndForJob = false) : ChangeStep;

    /// <summary>
    /// The result does not tell whether packages changed: the minion compares those of then with those of now.
    /// </summary>
    internal sealed record Compare(string Attention) : ChangeStep;

    /// <summary>The result that is on the minion's record is that of the attempt which is out.</summary>
    internal sealed record Settle : ChangeStep;

    /// <summary>The minion is asked whether it still has the job of the attempt which is out.</summary>
    internal sealed record LookForJob : ChangeStep;
}
