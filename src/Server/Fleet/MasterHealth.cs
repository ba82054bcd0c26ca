namespace Saltern.Server.Fleet;

/// <summary>What the last call to a master told about it. The words are a check in the schema.</summary>
internal enum MasterHealth
{
    Unknown,
    Up,
    Unreachable,
    NotAllowed,
}
