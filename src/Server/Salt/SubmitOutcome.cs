namespace Saltern.Server.Salt;

/// <summary>The few ends a submission can have. Anything that is not known for certain is Unclear.</summary>
internal abstract record SubmitOutcome
{
    private SubmitOutcome() { }

    /// <summary>
    /// The master took the call; returns will carry the jid we sent. Minions it does not know are named.
    /// </summary>
    public sealed record Accepted(IReadOnlyList<MinionId> Unknown) : SubmitOutcome;

    /// <summary>This call is wrong. Trying it again unchanged cannot help.</summary>
    public sealed record Refused(string Reason) : SubmitOutcome;

    /// <summary>
    /// Nothing reached a master that would take it (no connection, not allowed). Safe to try again later.
    /// </summary>
    public sealed record NotSent(string Reason, NotSentCause Cause) : SubmitOutcome;

    /// <summary>
    /// No usable answer (time-out, 5xx), so the call may be running. Evidence decides; never a new jid.
    /// </summary>
    public sealed record Unclear(string Reason) : SubmitOutcome;
}
