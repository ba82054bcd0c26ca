namespace Saltern.Server.ServicePacks;

/// <summary>
/// How far the look is that follows a real run which succeeded. The words are a check in the schema.
/// </summary>
internal enum CheckState
{
    /// <summary>Its restart is to be ordered.</summary>
    Restart,

    /// <summary>Its restart is ordered, and has not ended.</summary>
    Restarting,

    /// <summary>What it has is to be read.</summary>
    Read,

    /// <summary>The orders to read it have not ended.</summary>
    Reading,

    /// <summary>It could not be read; whoever has it read makes good for it.</summary>
    Unread,

    /// <summary>It has what was ordered.</summary>
    Verified,

    /// <summary>It has not; a person is told what differs.</summary>
    Differs,
}
