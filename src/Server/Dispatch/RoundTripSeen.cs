using Saltern.Server.Salt;

namespace Saltern.Server.Dispatch;

/// <summary>What came of a ping that a check of a master sent.</summary>
internal sealed record RoundTripSeen
{
    public required Jid Jid { get; init; }

    /// <summary>The minions it was sent to; none when there was nobody to send it to.</summary>
    public required IReadOnlyList<MinionId> Minions { get; init; }

    /// <summary>What the master said to it; null when nothing was sent.</summary>
    public SubmitOutcome? Outcome { get; init; }

    /// <summary>How long the call took.</summary>
    public TimeSpan Call { get; init; }

    /// <summary>The minions whose return is there.</summary>
    public IReadOnlyList<string> Returned { get; init; } = [];

    /// <summary>From the call to the first return as we saw it; null without one.</summary>
    public TimeSpan? UntilReturn { get; init; }

    /// <summary>The master has recorded the publication in our database.</summary>
    public bool Recorded { get; init; }

    /// <summary>The record was overwritten by the return, as stock pgjsonb does.</summary>
    public bool Overwritten { get; init; }

    /// <summary>The announcement of the job is among the events.</summary>
    public bool Announced { get; init; }

    /// <summary>The return is among the events as well.</summary>
    public bool ReturnIsEvent { get; init; }

    /// <summary>The return names its master.</summary>
    public bool NamesMaster { get; init; }

    /// <summary>
    /// How far the master's clock is from the database's at least: the return's stamp lies so far before the call or
    /// after its arrival. Zero when it lies between; null without a stamp.
    /// </summary>
    public TimeSpan? MasterClockOff { get; init; }

    /// <summary>How far our clock is ahead of the database's.</summary>
    public TimeSpan OurClockOff { get; init; }
}
