namespace Saltern.Server.Fleet;

/// <summary>What its master thinks of a minion's key. The words in lower case are a check in the schema.</summary>
internal enum KeyStatus
{
    Accepted,
    Pending,
    Rejected,
    Denied,

    /// <summary>No master of the domain lists the minion any more.</summary>
    Deleted,
}
