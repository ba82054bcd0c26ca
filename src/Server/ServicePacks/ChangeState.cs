namespace Saltern.Server.ServicePacks;

/// <summary>Where a change of a minion's channels stands. The words are a check in the schema.</summary>
internal enum ChangeState
{
    /// <summary>Recorded; the run has not ended as far as is known.</summary>
    Open,

    /// <summary>How the run ended is not known: the new channels stay until the minion has told.</summary>
    Unknown,

    /// <summary>The record has the channels of before again; the minion has not confirmed them yet.</summary>
    Reverting,

    /// <summary>The minion has, and is assigned, what it had before.</summary>
    Reverted,

    /// <summary>The new channels stay.</summary>
    Kept,
}
